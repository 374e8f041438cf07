//! The provider's admin API while a run goes on.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use crate::provider::{Account, Admin};
use crate::session::RunError;
use crate::session::folder::RunFolder;
use crate::timeline::{Timeline, TimelineEvent};

/// Address and token, in the run folder for as long as the run goes on.
const FILE: &str = "admin.json";

/// Its every change is in the timeline.
#[derive(Debug)]
pub(super) struct RunAdminApi {
    _admin: Admin,
    path: PathBuf,
}

impl RunAdminApi {
    pub(super) fn open(
        account: &Account,
        timeline: &Arc<Timeline>,
        folder: &RunFolder,
    ) -> Result<Self, RunError> {
        let timeline = Arc::clone(timeline);
        let observer = move |what: &str| {
            let what = what.to_owned();
            timeline.record(None, TimelineEvent::Tuned { what });
        };
        let admin = Admin::start(account.clone(), Arc::new(observer)).map_err(RunError::Listen)?;
        let path = folder.path.join(FILE);
        write(&path, &admin).map_err(|e| RunError::log(&path, e))?;
        Ok(Self {
            _admin: admin,
            path,
        })
    }
}

/// For the user's eyes only: whoever has the token can change what the run measures.
fn write(path: &Path, admin: &Admin) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let text = json!({"url": admin.url(), "token": admin.token()});
    writeln!(file, "{text:#}")
}

impl Drop for RunAdminApi {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "a stale address is left behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::provider::{Behaviour, Clock, Provider};

    #[tokio::test]
    async fn a_change_is_in_the_timeline_and_the_address_goes_with_the_run() {
        let runs = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::create(runs.path()).expect("a run folder");
        let events = folder.path.join("events.jsonl");
        let timeline = Arc::new(Timeline::to_file(&events).expect("a timeline"));
        let account = Provider::new(Clock::new()).open_account(Behaviour::default());
        let tuning = RunAdminApi::open(&account, &timeline, &folder).expect("a free port");

        let path = folder.path.join(FILE);
        let mode = fs::metadata(&path)
            .expect("the file is there")
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        let text = fs::read_to_string(&path).expect("it can be read");
        let address: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let [url, token] = ["url", "token"].map(|key| address[key].as_str().expect("text"));
        let http = reqwest::Client::builder().no_proxy().build();
        let request = http.expect("a client").patch(format!("{url}/knobs"));
        let patch = json!({"keys_ignored": true});
        let answer = request.bearer_auth(token).json(&patch).send().await;
        assert_eq!(answer.expect("an answer").status(), 200);

        assert!(account.behaviour().keys_ignored);
        let told = timeline.entries().into_iter().find_map(|e| e.what.clause());
        let told = told.expect("a clause");
        let expected = r#"set {"keys_ignored":true} at the provider"#;
        assert_eq!(
            (told.who.as_str(), told.what.as_str()),
            ("somebody", expected)
        );
        drop(tuning);
        assert!(!path.exists());
    }
}
