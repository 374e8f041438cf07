//! `serve`: the dashboard.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{ExitCode, Stdio};

use anyhow::bail;
use clap::Args;
use crashwindow::dashboard::{Dashboard, Settings};
use crashwindow::quiz::Answers;
use crashwindow::stack;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::run::Labs;
use super::stack_args::StackArgs;

/// Where people look for the dashboard.
const PORT: u16 = 7878;

/// Serve the dashboard: read, predict, run and watch in a browser, until Ctrl-C
///
/// It prints one URL. Whoever has it can start runs; whoever has only the address can look. It
/// listens on this machine alone unless --listen names another address.
///
/// Example: crashwindow serve
///
/// Example: crashwindow serve --port 0
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Serve {
    /// The port; 0 for a free one [default: 7878, or a free one where that is taken]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// The address to listen on; one that others can reach lets them look, and start runs with the
    /// URL
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,

    /// Return once it runs; it ends with the stack: `crashwindow down`
    #[arg(long)]
    background: bool,

    /// Whose answers are kept [default: the name of this machine's user]
    #[arg(long, value_name = "NAME", env = "CRASHWINDOW_ATTENDEE")]
    attendee: Option<String>,

    #[command(flatten)]
    labs: Labs,

    #[command(flatten)]
    stack: StackArgs,
}

impl Serve {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        if self.background {
            return self.in_the_background().await;
        }
        let labs = self.labs.folder()?;
        // Before anything is printed: whoever reads that may send a signal at once.
        let (mut interrupt, mut terminate) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        let listener = self.bind().await?;
        if !self.listen.is_loopback() {
            anstream::eprintln!(
                "warning: {} can be reached from other machines, without encryption: whoever reads \
                 the URL on its way can start runs here",
                listener.local_addr()?
            );
        }
        let options = self.stack.options()?;
        let user = std::env::var("USER").ok();
        let settings = Settings {
            stack: options.clone(),
            labs,
            answers: Answers::of_the_user()?,
            attendee: self.attendee.or(user).unwrap_or_else(|| "somebody".into()),
        };
        let over = CancellationToken::new();
        let dashboard = Dashboard::new(listener, settings, over.clone())?;
        let beside = stack::Beside::record(&options, &dashboard.url())?;
        println!("{}", dashboard.url());
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            over.cancel();
        });
        dashboard.serve().await?;
        if beside.is_dismissed() {
            anstream::eprintln!(
                "the stack {} was taken down, and its dashboard ends with it\n\
                 next: crashwindow up, then crashwindow serve",
                options.name
            );
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn in_the_background(self) -> anyhow::Result<ExitCode> {
        let options = self.stack.options()?;
        // Until the URL of the one that is started here is known.
        let _starting = stack::starting(&options)?;
        if let Some(url) = stack::dashboard(&options)? {
            println!("{url}");
            return Ok(ExitCode::SUCCESS);
        }
        let (said, log) = stack::dashboard_log(&options)?;
        let given = std::env::args_os().skip(1);
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(given.filter(|argument| argument != "--background"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // No pipe: nobody reads it when this has returned.
            .stderr(log);
        // Ctrl-C in the terminal that started it is not meant for it.
        // SAFETY: `setsid` may be called between fork and exec.
        unsafe {
            command.pre_exec(|| {
                nix::unistd::setsid()?;
                Ok(())
            });
        }
        let mut child = command.spawn()?;
        let mut url = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut url).await?;
        let url = url.trim();
        if url.is_empty() {
            child.wait().await?;
            eprint!("{}", std::fs::read_to_string(said)?);
            return Ok(ExitCode::from(2));
        }
        eprint!("{}", std::fs::read_to_string(said)?);
        println!("{url}");
        Ok(ExitCode::SUCCESS)
    }

    async fn bind(&self) -> anyhow::Result<TcpListener> {
        let at = |port| SocketAddr::new(self.listen, port);
        let wanted = self.port.unwrap_or(PORT);
        match (TcpListener::bind(at(wanted)).await, self.port) {
            (Ok(listener), _) => Ok(listener),
            // Nobody asked for that port: a second dashboard, or something else that has it.
            (Err(_), None) => Ok(TcpListener::bind(at(0)).await?),
            (Err(e), Some(_)) => bail!(
                "the dashboard cannot listen on {}: {e}\n\
                 next: leave out --port, or choose one that is free",
                at(wanted)
            ),
        }
    }
}
