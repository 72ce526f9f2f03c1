//! The job spool: nimadm runs on its master, not in our connection.
//!
//! A migration takes hours; connections, servers and databases do not always last that long. So nimadm is started detached, under a
//! small POSIX shell wrapper (AIX ksh: no `setsid`, no GNU options), and everything worth knowing is a file in the job's
//! folder on the master:
//!
//! | file | meaning |
//! |---|---|
//! | `epoch` | the highest epoch that gave an order here; a lower one is refused |
//! | `claim/` | made atomically by the one wrapper that runs the job: however often it is started, it runs once |
//! | `pid`, `nimadm.pid` | the wrapper and the command |
//! | `out` | everything the command printed |
//! | `marks` | `seconds size` lines, so that output read after an outage still gets honest times |
//! | `rc` | the command's return code, once it has ended |
//!
//! A run in steps is several jobs in one folder: `claim.2`, `pid.2`, `rc.2` belong to the second, and all print to one `out`.
//!
//! Starting is therefore safe to repeat whenever its answer was lost, and following goes on from any byte. The wrapper
//! claims the job itself, as its first act: a claim made by the starting shell would be left behind by a connection that
//! breaks between the claim and the start.

use super::{Connection, Output, RemoteError, connection::Stream};
use aix::command::quote;
use std::time::Duration;
use time::OffsetDateTime;

const PATIENCE: Duration = Duration::from_secs(60);
const LIMIT: usize = 4 << 20;
/// How long a log may take on its way as a whole.
const LONGEST: Duration = Duration::from_secs(3600);

/// A job's folder on its master: relative, so that it lies under the login directory, which is `/` for root on AIX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    name: String,
    /// Ends the names of the files that each step has for itself; empty for a run in one call.
    step: String,
}

/// What the master knows of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It never began.
    Absent,
    /// It was claimed by a wrapper.
    Claimed {
        /// The wrapper or its command lives.
        alive: bool,
        /// The return code; none while it runs, and for ever where the wrapper was killed.
        rc: Option<i32>,
        /// Bytes of `out`.
        size: u64,
    },
}

/// How a job is told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// It may tidy up.
    Term,
    /// It ends at once.
    Kill,
}

/// Why the spool did not do as told.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The master could not be asked.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// A server with a higher epoch gave an order there: this one has lost its lease.
    #[error("the spool on the master has seen epoch {0}: another server works on this job")]
    Fenced(String),
    /// The folder of a job that was started is not there any more.
    #[error("the job's folder {0} is gone from the master: what nimadm does there cannot be told; put the folder back")]
    Gone(String),
    /// The shell on the master could not do its part.
    #[error("the job spool on the master failed (status {status:?}): {message}")]
    Shell {
        /// Exit status.
        status: Option<u32>,
        /// What it said.
        message: String,
    },
}

impl Job {
    /// The job that runs nimadm for an attempt.
    #[must_use]
    pub fn of_attempt(migration: uuid::Uuid, attempt: i32) -> Self {
        Self { name: format!("{migration}-{attempt}"), step: String::new() }
    }

    /// The job that runs one step of an attempt, from 1.
    #[must_use]
    pub fn of_step(migration: uuid::Uuid, attempt: i32, step: i16) -> Self {
        Self { step: format!(".{step}"), ..Self::of_attempt(migration, attempt) }
    }

    /// The job that cleans up after an attempt; each cleaning somebody asked for has its own number.
    #[must_use]
    pub fn of_cleaning(migration: uuid::Uuid, cleaning: i32) -> Self {
        Self { name: format!("{migration}-clean-{cleaning}"), step: String::new() }
    }

    /// The job that wakes a clone or puts it to sleep; each time somebody asks has its own number.
    #[must_use]
    pub fn of_waking(migration: uuid::Uuid, waking: i32) -> Self {
        Self { name: format!("{migration}-wake-{waking}"), step: String::new() }
    }

    /// The same once more, past a lock that was proven stale.
    #[must_use]
    pub fn forced(self) -> Self {
        Self { name: format!("{}-forced", self.name), ..self }
    }

    /// The folder, relative to the login directory.
    #[must_use]
    pub fn folder(&self) -> String {
        format!("var/adm/ras/nimdeck/{}", self.name)
    }

    /// Starts the job unless it was started before.
    ///
    /// # Errors
    /// [`SpoolError::Fenced`] where a higher epoch was here first; nothing was started then.
    pub async fn start(&self, connection: &Connection, epoch: i64, command: &str) -> Result<(), SpoolError> {
        let script = start_script(self, epoch, command);
        let output = connection.run("/bin/sh -s", script.as_bytes(), PATIENCE, LIMIT).await?;
        let text = output.text();
        match text.lines().last().unwrap_or_default().split_once(' ') {
            Some(("fenced", seen)) => Err(SpoolError::Fenced(seen.to_owned())),
            Some(("started", _)) => Ok(()),
            _ => Err(shell(&output)),
        }
    }

    /// Stops the job: from now on nobody can start it, and what runs of it gets a signal. Repeat until [`Job::status`] says that it
    /// is dead. What the client was told to do goes on there.
    ///
    /// # Errors
    /// [`SpoolError::Fenced`] where a higher epoch was here first; nothing was stopped then.
    pub async fn stop(&self, connection: &Connection, epoch: i64, signal: Signal) -> Result<(), SpoolError> {
        let script = stop_script(self, epoch, signal);
        let output = connection.run("/bin/sh -s", script.as_bytes(), PATIENCE, LIMIT).await?;
        match output.text().lines().last().unwrap_or_default().split_once(' ') {
            Some(("fenced", seen)) => Err(SpoolError::Fenced(seen.to_owned())),
            Some(("stopped", _)) => Ok(()),
            _ => Err(shell(&output)),
        }
    }

    /// What the master knows of the job.
    ///
    /// # Errors
    /// Where the master cannot be asked, or answers what nobody understands.
    pub async fn status(&self, connection: &Connection) -> Result<Status, SpoolError> {
        let script = status_script(self);
        let output = connection.run("/bin/sh -s", script.as_bytes(), PATIENCE, LIMIT).await?;
        read_status(&output.text()).ok_or_else(|| shell(&output))
    }

    /// Follows the output from byte `offset` on. The stream ends a moment after the job has; what came in between is
    /// fetched by [`Job::rest`].
    ///
    /// # Errors
    /// [`RemoteError::Lost`].
    pub async fn follow(&self, connection: &Connection, offset: u64) -> Result<Stream, RemoteError> {
        connection.stream(&follow_script(self, offset)).await
    }

    /// The output from byte `offset` to its present end.
    ///
    /// # Errors
    /// [`RemoteError::Lost`], [`RemoteError::Silent`].
    pub async fn rest(&self, connection: &Connection, offset: u64) -> Result<Stream, RemoteError> {
        connection.print(&format!("tail -c +{} {}/out", offset + 1, quote(&self.folder())), LONGEST).await
    }

    /// When `out` had which size, by our clock. Unreadable lines are left out.
    ///
    /// The master's clock may be wrong; what it shows now tells by how much.
    ///
    /// # Errors
    /// Where the master cannot be asked.
    pub async fn marks(&self, connection: &Connection) -> Result<Vec<(OffsetDateTime, u64)>, RemoteError> {
        let command = format!("date +%s; cat {}/marks 2>/dev/null", quote(&self.folder()));
        let output = connection.run(&command, b"", PATIENCE, LIMIT).await?;
        Ok(read_marks(&output.text(), OffsetDateTime::now_utc()))
    }
}

fn shell(output: &Output) -> SpoolError {
    let said = if output.stderr.is_empty() { output.text() } else { output.error_text() };
    SpoolError::Shell { status: output.status, message: said.chars().take(500).collect() }
}

/// The wrapper. `"$0"` is the job's name, so that `ps` shows whose wrapper it is.
fn wrapper(command: &str, step: &str) -> String {
    format!(
        r#"mkdir claim{step} 2>/dev/null || exit 0
echo $$ >pid{step}.new && mv -f pid{step}.new pid{step}
LC_ALL=C LANG=C PATH=$PATH:/usr/sbin:/usr/lpp/bos.sysmgt/nim/methods
export LC_ALL LANG PATH
: >>out
{command} </dev/null >>out 2>&1 &
job=$!
echo $job >nimadm{step}.new && mv -f nimadm{step}.new nimadm{step}.pid
while [ ! -f rc{step} ] && kill -0 $job 2>/dev/null; do
  echo "$(date +%s) $(wc -c <out)"
  sleep 5
done >>marks 2>/dev/null &
wait $job
echo $? >rc{step}.new && mv -f rc{step}.new rc{step}
"#
    )
}

/// Goes to the job's folder and refuses an order of a lower epoch.
fn enter(job: &Job, epoch: i64) -> String {
    format!(
        r#"umask 077
mkdir -p {folder} && cd {folder} || exit 71
seen=$(cat epoch 2>/dev/null)
if [ "${{seen:-0}}" -gt {epoch} ]; then echo "fenced $seen"; exit 75; fi
echo {epoch} >epoch.{epoch} && mv -f epoch.{epoch} epoch || exit 73
"#,
        folder = quote(&job.folder())
    )
}

fn start_script(job: &Job, epoch: i64, command: &str) -> String {
    format!(
        r#"{enter}if [ ! -d claim{step} ]; then nohup /bin/sh -c {wrapper} {name} </dev/null >/dev/null 2>&1 & fi
echo "started {name}"
"#,
        enter = enter(job, epoch),
        step = job.step,
        wrapper = quote(&wrapper(command, &job.step)),
        name = quote(&job.name),
    )
}

fn stop_script(job: &Job, epoch: i64, signal: Signal) -> String {
    // The claim that nobody works for keeps every later wrapper away. `ps -ef` has the parent in its third column everywhere.
    format!(
        r#"{enter}mkdir claim{step} 2>/dev/null
pid=$(cat nimadm{step}.pid 2>/dev/null)
ps -p "${{pid:-0}}" -o args= 2>/dev/null | grep nimadm >/dev/null || {{ echo "stopped nothing"; exit 0; }}
tree=$pid more=$pid
while [ -n "$more" ]; do
  next=
  for parent in $more; do
    next="$next $(ps -ef | awk -v parent=$parent '$3 == parent {{ print $2 }}')"
  done
  more=$(echo $next)
  tree="$tree $more"
done
kill -{signal} $tree 2>/dev/null
echo "stopped $tree"
"#,
        enter = enter(job, epoch),
        step = job.step,
        signal = match signal {
            Signal::Term => "TERM",
            Signal::Kill => "KILL",
        },
    )
}

fn status_script(job: &Job) -> String {
    // A process id may have been given to somebody else since: what it runs must fit.
    format!(
        r#"cd {folder} 2>/dev/null || {{ echo absent; exit 0; }}
[ -d claim{step} ] || {{ echo absent; exit 0; }}
alive=no
ps -p "$(cat pid{step} 2>/dev/null || echo 0)" -o args= 2>/dev/null | grep {name} >/dev/null && alive=yes
ps -p "$(cat nimadm{step}.pid 2>/dev/null || echo 0)" -o args= 2>/dev/null | grep nimadm >/dev/null && alive=yes
rc=$(cat rc{step} 2>/dev/null)
size=$(wc -c <out 2>/dev/null)
echo "claimed $alive ${{rc:--}} ${{size:-0}}"
"#,
        folder = quote(&job.folder()),
        step = job.step,
        name = quote(&job.name),
    )
}

fn follow_script(job: &Job, offset: u64) -> String {
    // The loop ends with the job, with the tail, or with the connection ($PPID is sshd's process for it). But for the sleep it starts
    // no process: a master with hundreds of jobs would start a thousand a second only to see that they live.
    format!(
        r#"cd {folder} || exit 71
tail -c +{from} -f out & tail=$!
trap 'kill $tail 2>/dev/null; exit 1' 1 2 13 15
lives() {{ read pid <$1 && kill -0 $pid; }}
alive() {{ lives pid{step} || lives nimadm{step}.pid; }} 2>/dev/null
while [ ! -f rc{step} ] && kill -0 $tail 2>/dev/null && kill -0 $PPID 2>/dev/null && alive; do
  sleep 1
done
sleep 1
kill $tail 2>/dev/null
exit 0"#,
        folder = quote(&job.folder()),
        step = job.step,
        from = offset + 1
    )
}

fn read_marks(text: &str, now: OffsetDateTime) -> Vec<(OffsetDateTime, u64)> {
    let mut lines = text.lines();
    let Some(master_now) = lines.next().and_then(|line| line.trim().parse::<i64>().ok()) else {
        return Vec::new();
    };
    let read = |line: &str| {
        let (seconds, size) = line.split_once(' ')?;
        let ago = master_now.checked_sub(seconds.parse().ok()?)?;
        Some((now.checked_sub(time::Duration::seconds(ago))?, size.trim().parse().ok()?))
    };
    lines.filter_map(read).collect()
}

fn read_status(text: &str) -> Option<Status> {
    let mut words = text.lines().last()?.split_whitespace();
    match words.next()? {
        "absent" => Some(Status::Absent),
        "claimed" => {
            let alive = words.next()? == "yes";
            let rc = match words.next()? {
                "-" => None,
                rc => Some(rc.parse().ok()?),
            };
            Some(Status::Claimed { alive, rc, size: words.next()?.parse().ok()? })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io::Write, path::Path, process::Command, process::Stdio, time::Instant};

    fn job() -> Job {
        Job { name: "0198-1".to_owned(), step: String::new() }
    }

    /// Runs a script as the master would: a shell in the login directory, the script on standard input.
    fn sh(home: &Path, script: &str) -> String {
        let mut shell = Command::new("/bin/sh")
            .arg("-s")
            .current_dir(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        String::from_utf8(shell.wait_with_output().unwrap().stdout).unwrap()
    }

    fn status(home: &Path) -> Status {
        read_status(&sh(home, &status_script(&job()))).unwrap()
    }

    fn wait_for(home: &Path, wanted: impl Fn(Status) -> bool) -> Status {
        let start = Instant::now();
        loop {
            let now = status(home);
            if wanted(now) {
                return now;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "still {now:?}");
        }
    }

    #[test]
    fn a_job_started_many_times_runs_once_and_says_how_it_ended() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(status(home.path()), Status::Absent);
        for _ in 0..5 {
            assert!(sh(home.path(), &start_script(&job(), 3, "sh -c 'echo line; exit 7'")).starts_with("started"));
        }
        let ended = wait_for(home.path(), |s| matches!(s, Status::Claimed { rc: Some(_), .. }));
        assert!(matches!(ended, Status::Claimed { rc: Some(7), size: 5, .. }), "{ended:?}");
        sh(home.path(), &start_script(&job(), 3, "sh -c 'echo again'"));
        assert!(matches!(status(home.path()), Status::Claimed { rc: Some(7), size: 5, .. }));
    }

    #[test]
    fn marks_are_corrected_by_the_masters_clock() {
        let now = OffsetDateTime::from_unix_timestamp(2_000_000).unwrap();
        let marks = read_marks("1000\n990      512\nrubbish\n1000 1024\n", now);
        let seen: Vec<_> = marks.iter().map(|(at, size)| (at.unix_timestamp(), *size)).collect();
        assert_eq!(seen, [(1_999_990, 512), (2_000_000, 1024)]);
    }

    #[test]
    fn a_lower_epoch_is_refused() {
        let home = tempfile::tempdir().unwrap();
        sh(home.path(), &start_script(&job(), 4, "true"));
        assert_eq!(sh(home.path(), &start_script(&job(), 3, "true")).trim(), "fenced 4");
    }

    #[test]
    fn a_killed_wrapper_and_command_are_seen_as_dead() {
        let home = tempfile::tempdir().unwrap();
        sh(home.path(), &start_script(&job(), 1, "sh -c 'echo nimadm; sleep 600; : nimadm'"));
        wait_for(home.path(), |s| matches!(s, Status::Claimed { alive: true, size: 7, .. }));
        let folder = home.path().join(job().folder());
        for file in ["pid", "nimadm.pid"] {
            let pid = std::fs::read_to_string(folder.join(file)).unwrap();
            Command::new("kill").args(["-9", pid.trim()]).status().unwrap();
        }
        wait_for(home.path(), |s| matches!(s, Status::Claimed { alive: false, rc: None, .. }));
    }

    #[test]
    fn a_stopped_job_is_dead_and_cannot_be_started() {
        let home = tempfile::tempdir().unwrap();
        sh(home.path(), &start_script(&job(), 1, "sh -c 'echo nimadm; sleep 600; : nimadm'"));
        wait_for(home.path(), |s| matches!(s, Status::Claimed { alive: true, size: 7, .. }));
        assert_eq!(sh(home.path(), &stop_script(&job(), 0, Signal::Kill)).trim(), "fenced 1");
        assert!(
            matches!(status(home.path()), Status::Claimed { alive: true, rc: None, .. }),
            "an old server stops nothing"
        );
        let stopped = sh(home.path(), &stop_script(&job(), 2, Signal::Term));
        assert!(stopped.split_whitespace().count() >= 3, "the shell and its sleep: {stopped}");
        wait_for(home.path(), |s| matches!(s, Status::Claimed { alive: false, rc: Some(143), .. }));
        assert_eq!(sh(home.path(), &stop_script(&job(), 2, Signal::Kill)).trim(), "stopped nothing");

        let never = Job { name: "0198-2".to_owned(), step: String::new() };
        sh(home.path(), &stop_script(&never, 2, Signal::Term));
        sh(home.path(), &start_script(&never, 2, "sh -c 'echo nimadm'"));
        let said = sh(home.path(), &status_script(&never));
        assert!(matches!(read_status(&said), Some(Status::Claimed { alive: false, rc: None, size: 0 })), "{said}");
    }

    #[test]
    fn steps_print_into_one_file_and_end_each_for_itself() {
        let home = tempfile::tempdir().unwrap();
        for step in [1, 2] {
            let job = Job { step: format!(".{step}"), ..job() };
            sh(home.path(), &start_script(&job, 1, &format!("sh -c 'echo step {step}; exit {step}'")));
            let status = || read_status(&sh(home.path(), &status_script(&job))).unwrap();
            let start = Instant::now();
            while !matches!(status(), Status::Claimed { rc: Some(rc), .. } if rc == step) {
                assert!(start.elapsed() < Duration::from_secs(20), "still {:?}", status());
            }
        }
        let out = std::fs::read_to_string(home.path().join(job().folder()).join("out")).unwrap();
        assert_eq!(out, "step 1\nstep 2\n");
    }

    #[test]
    fn following_begins_at_the_byte_and_ends_with_the_job() {
        let home = tempfile::tempdir().unwrap();
        sh(home.path(), &start_script(&job(), 1, "sh -c 'echo one; sleep 1; echo two'"));
        wait_for(home.path(), |s| matches!(s, Status::Claimed { size, .. } if size >= 4));
        assert_eq!(sh(home.path(), &follow_script(&job(), 2)), "e\ntwo\n");
    }
}
