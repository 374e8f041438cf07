//! Brokers that can be stopped while everything else goes on.
//!
//! Each broker of the profile `cluster` reads a named pipe, in a folder that it shares with the
//! lab: a number written into it is for how many seconds it is gone. `docker/kafka/start.sh` starts
//! it again whatever becomes of the lab, which needs no engine.

use std::env;
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::OFlag;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::{StackChoice, StackOptions};

const FOLDER: &str = "CRASHWINDOW_SWITCHES";

/// To stop in good order, or to start: two to ten seconds each on two quiet processors.
const DEADLINE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// `kafka2`.
    pub broker: String,
    /// `host:port`.
    pub address: String,
    pub pipe: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    #[error(
        "broker {broker} cannot be stopped: nobody reads {pipe} ({why})\n\
         next: make lab-logs, which says what became of it"
    )]
    Unread {
        broker: String,
        pipe: PathBuf,
        why: io::Error,
    },
    #[error(
        "waited {} s for broker {broker} at {address} to {what}\n\
         next: make lab-logs, which says what became of it",
        DEADLINE.as_secs()
    )]
    Unmoved {
        broker: String,
        address: String,
        what: &'static str,
    },
}

/// None where there is only one broker, as nothing would be left, and none outside the composition.
#[must_use]
pub fn switches(options: &StackOptions) -> Vec<Switch> {
    let (StackChoice::Compose, Some(external)) = (options.choice, &options.external) else {
        return Vec::new();
    };
    let folder = env::var_os(FOLDER).filter(|folder| !folder.is_empty());
    folder.map_or_else(Vec::new, |folder| {
        of(&external.kafka.bootstrap, Path::new(&folder))
    })
}

fn of(bootstrap: &str, folder: &Path) -> Vec<Switch> {
    let brokers = bootstrap.split(',').map(str::trim).filter_map(|address| {
        let (host, _) = address.rsplit_once(':')?;
        Some(Switch {
            broker: host.to_owned(),
            address: address.to_owned(),
            pipe: folder.join(host),
        })
    });
    let brokers: Vec<Switch> = brokers.collect();
    if brokers.len() > 1 {
        brokers
    } else {
        Vec::new()
    }
}

impl Switch {
    /// Returns when it listens again. It is gone for longer: it also has to stop and to start.
    pub async fn stop_for(&self, time: Duration) -> Result<(), SwitchError> {
        self.ask(time).map_err(|why| SwitchError::Unread {
            broker: self.broker.clone(),
            pipe: self.pipe.clone(),
            why,
        })?;
        self.wait("stop listening", false).await?;
        self.wait("listen again", true).await
    }

    fn ask(&self, time: Duration) -> io::Result<()> {
        // Without a reader this fails, instead of waiting for one.
        let mut pipe = std::fs::OpenOptions::new()
            .write(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(&self.pipe)?;
        if !pipe.metadata()?.file_type().is_fifo() {
            return Err(io::Error::other("it is no pipe"));
        }
        pipe.write_all(format!("{}\n", time.as_secs().max(1)).as_bytes())
    }

    async fn wait(&self, what: &'static str, listens: bool) -> Result<(), SwitchError> {
        let until = Instant::now() + DEADLINE;
        while TcpStream::connect(&self.address).await.is_ok() != listens {
            if Instant::now() > until {
                return Err(SwitchError::Unmoved {
                    broker: self.broker.clone(),
                    address: self.address.clone(),
                    what,
                });
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;
    use tokio::net::unix::pipe;

    #[test]
    fn one_broker_alone_is_never_stopped() {
        let folder = Path::new("/switches");
        assert_eq!(of("kafka1:9092", folder), Vec::new());
        let three = of("kafka1:9092, kafka2:9092,kafka3:9092", folder);
        let second = Switch {
            broker: "kafka2".into(),
            address: "kafka2:9092".into(),
            pipe: "/switches/kafka2".into(),
        };
        assert_eq!((three.len(), &three[1]), (3, &second));
    }

    fn switch(folder: &Path, address: String) -> Switch {
        Switch {
            broker: "kafka2".into(),
            address,
            pipe: folder.join("kafka2"),
        }
    }

    #[tokio::test]
    async fn it_waits_until_the_broker_has_gone_and_come_back() {
        let folder = tempfile::tempdir().expect("made");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("bound");
        let switch = switch(folder.path(), address.to_string());
        mkfifo(&switch.pipe, Mode::S_IRWXU).expect("made");
        let mut pipe = pipe::OpenOptions::new()
            .open_receiver(&switch.pipe)
            .expect("opened");
        // Step by step: a broker that comes back before it was seen to be gone would be waited for
        // in vain, and here it could.
        switch.ask(Duration::from_secs(4)).expect("asked");
        let mut asked = [0; 2];
        pipe.read_exact(&mut asked).await.expect("asked");
        assert_eq!(asked, *b"4\n");
        drop(listener);
        let gone = switch.wait("stop listening", false).await;
        gone.expect("it is seen to be gone");
        let _back = TcpListener::bind(address).await.expect("bound");
        let back = switch.wait("listen again", true).await;
        back.expect("it is seen to be back");
    }

    #[tokio::test]
    async fn a_broker_that_nobody_can_ask_is_told_with_the_way_to_look() {
        let folder = tempfile::tempdir().expect("made");
        let switch = switch(folder.path(), "127.0.0.1:1".into());
        let told = || async {
            let stopped = switch.stop_for(Duration::from_secs(1)).await;
            stopped.expect_err("nobody reads").to_string()
        };
        let absent = told().await;
        mkfifo(&switch.pipe, Mode::S_IRWXU).expect("made");
        let unread = told().await;
        std::fs::remove_file(&switch.pipe).expect("it is there");
        std::fs::write(&switch.pipe, "").expect("written");
        let no_pipe = told().await;
        for (told, why) in [
            (absent, "No such file"),
            (unread, "No such device"),
            (no_pipe, "it is no pipe"),
        ] {
            assert!(told.contains("kafka2") && told.contains(why), "{told}");
            assert!(told.contains("next: make lab-logs"), "{told}");
        }
    }
}
