//! `ssh -t`, and a person at a prompt.

use super::*;
use pty_process::{OwnedReadPty, OwnedWritePty, Size};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A person at a terminal who runs ssh in it.
struct Person {
    reads: OwnedReadPty,
    types: OwnedWritePty,
    seen: String,
    ssh: tokio::process::Child,
}

impl Person {
    fn sits_down(estate: &Estate, host: &str) -> Self {
        let (pty, pts) = pty_process::open().unwrap();
        pty.resize(Size::new(33, 101)).unwrap();
        let ssh = pty_process::Command::new("ssh")
            .arg("-F")
            .arg(estate.lab.dir().join("ssh_config"))
            .arg(host)
            .env("TERM", "vt220")
            .kill_on_drop(true)
            .spawn(pts)
            .unwrap();
        let (reads, types) = pty.into_split();
        Self { reads, types, seen: String::new(), ssh }
    }

    async fn types(&mut self, text: &str) {
        self.types.write_all(text.as_bytes()).await.unwrap();
    }

    /// Reads until a text has come, and forgets everything up to it.
    async fn sees(&mut self, wanted: &str) {
        let mut buffer = [0; 4096];
        while !self.seen.contains(wanted) {
            let read = tokio::time::timeout(Duration::from_secs(30), self.reads.read(&mut buffer)).await;
            let length = read.unwrap_or_else(|_| panic!("no {wanted:?} in {:?}", self.seen)).unwrap();
            self.seen.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
        let end = self.seen.find(wanted).unwrap() + wanted.len();
        self.seen.drain(..end);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_gets_a_terminal_where_it_asks_for_one() {
    let estate = Estate::start().await;
    let mut ssh = estate.client("ssh");
    ssh.env("TERM", "vt100").args(["-tt", "lpar71", "tty; stty size; echo $TERM; test -t 2; lspv | wc -l; exit 3"]);
    let output = ssh.output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.starts_with("/dev/pts/") && text.contains("\r\nvt100\r\n"), "{text:?}");
    // Without one, there is none.
    assert_eq!(estate.ask("lpar71", "tty || echo $TERM").await, "not a tty\n\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_at_a_prompt() {
    let estate = Estate::start().await;
    let mut person = Person::sits_down(&estate, "lpar71");
    person.sees("lpar71:").await;
    person.sees(" # ").await;
    person.types("stty size; echo $TERM\r").await;
    person.sees("33 101\r\nvt220\r\n").await;
    person.types("oslevel -s\r").await;
    person.sees("\r\n7100-").await;
    person.types("echo star''ted; sleep 1000\r").await;
    person.sees("started\r\n").await;
    person.types("\u{3}").await;
    person.sees(" # ").await;
    person.types.resize(Size::new(44, 55)).unwrap();
    // The client tells its server of the new size when it gets to it.
    person.types("until stty size | grep '44 55'; do :; done\r").await;
    person.sees("\r\n44 55\r\n").await;
    person.types("exit 7\r").await;
    assert_eq!(soon(person.ssh.wait()).await.unwrap().code(), Some(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_hangs_up_the_terminal_and_nohup_protects() {
    let estate = Estate::start().await;
    let mut person = Person::sits_down(&estate, "nim1");
    person.sees(" # ").await;
    person.types("nohup sleep 1000 >/dev/null 2>&1 & echo $! > kept\r").await;
    person.types("sh -c 'echo $$ > lost; exec sleep 1000'\r").await;
    let pid = async |name: &str| estate.wait_for("nim1", &format!("cat {name}"), |text| text.ends_with('\n')).await;
    let (kept, lost) = (pid("kept").await, pid("lost").await);
    assert!(alive(&kept) && alive(&lost));
    estate.lab.drop_connections("nim1");
    until(async || !alive(&lost)).await;
    assert!(alive(&kept));
    estate.ask("nim1", &format!("kill {kept}")).await;
    assert_eq!(soon(person.ssh.wait()).await.unwrap().code(), Some(255));
}
