//! What processes have used, from Linux's `/proc`.

use anyhow::Context;

/// Linux counts processor time in hundredths of a second for everybody who reads `/proc`.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor seconds of a process, and of its children that have ended and were waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Used {
    pub(super) own: f64,
    pub(super) children: f64,
}

impl Used {
    pub(super) fn by(pid: u32) -> anyhow::Result<Self> {
        let stat = read(&format!("/proc/{pid}/stat"))?;
        // The name is in parentheses and may hold anything.
        let fields = stat.rsplit(") ").next().unwrap_or_default();
        let ticks: Vec<f64> = fields
            .split_whitespace()
            .skip(11)
            .take(4)
            .filter_map(|field| field.parse().ok())
            .collect();
        let [user, system, user_of_children, system_of_children] = ticks[..] else {
            anyhow::bail!("/proc/{pid}/stat has another form: {stat}");
        };
        Ok(Self {
            own: (user + system) / TICKS_PER_SECOND,
            children: (user_of_children + system_of_children) / TICKS_PER_SECOND,
        })
    }
}

/// Processor seconds of a process and of all its children, living or not.
pub(super) fn family(pid: u32) -> anyhow::Result<f64> {
    let used = Used::by(pid)?;
    let living = read(&format!("/proc/{pid}/task/{pid}/children"))?;
    // One may end at this moment; then its time is its parent's at the next reading.
    let children = living.split_whitespace().filter_map(|child| {
        let child = Used::by(child.parse().ok()?).ok()?;
        Some(child.own + child.children)
    });
    Ok(used.own + used.children + children.sum::<f64>())
}

/// Processor seconds of the whole machine: in which it did something, and in which it did not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Machine {
    pub(super) busy: f64,
    pub(super) idle: f64,
}

impl Machine {
    pub(super) fn now() -> anyhow::Result<Self> {
        let stat = read("/proc/stat")?;
        let first = stat.lines().next().unwrap_or_default();
        let ticks: Vec<f64> = first
            .split_whitespace()
            .skip(1)
            .take(8)
            .filter_map(|field| field.parse().ok())
            .collect();
        let idle = ticks.iter().skip(3).take(2).sum::<f64>();
        Ok(Self {
            busy: (ticks.iter().sum::<f64>() - idle) / TICKS_PER_SECOND,
            idle: idle / TICKS_PER_SECOND,
        })
    }
}

/// Bytes that a process has read, from files and sockets.
pub(super) fn bytes_read(pid: u32) -> anyhow::Result<u64> {
    let io = read(&format!("/proc/{pid}/io"))?;
    let read = io.lines().find_map(|line| line.strip_prefix("rchar: "));
    Ok(read.context("no line rchar")?.parse()?)
}

fn read(path: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{path} cannot be read"))
}
