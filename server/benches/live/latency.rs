//! From the moment when a process on the master prints a line to the moment when somebody sees it: over SSE, and over `ssh host
//! tail -f` at the same time.

use crate::{
    estate::Estate,
    figures::{Times, goal, row},
    program::Program,
    rest::{PATIENCE, order, until},
    viewer::{STAMP, Viewer, delay, now},
};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

pub(crate) async fn measure() {
    // A line now and then, as nimadm's phases print them; then many, as its installp does.
    let mut met = true;
    for (name, lines, pause) in [("two lines a second", 40, "0.5"), ("some 200 lines a second", 2000, "0.003")] {
        let (ours, theirs) = run(lines, pause).await;
        row(&format!("baseline: ssh host tail -f, {name}"), &theirs.text());
        row(&format!("the stream of a viewer, {name}"), &ours.text());
        met &= ours.part(0.5) <= Duration::from_millis(50) && ours.part(0.99) <= Duration::from_millis(250);
    }
    goal("p50 at most 50 ms, p99 at most 250 ms", "", met);
}

/// The cookie of the administrator, signed in.
pub(crate) async fn cookie(address: &str) -> String {
    try_cookie(address, "admin").await.unwrap()
}

/// The cookie of somebody who signs in; nothing where the server does not let them, or does not answer.
pub(crate) async fn try_cookie(address: &str, name: &str) -> Option<String> {
    let body = serde_json::json!({ "username": name, "password": crate::support::PASSWORD });
    let request = reqwest::Client::new().post(format!("http://{address}/api/v1/session")).json(&body);
    let answer = request.timeout(PATIENCE).send().await.ok().filter(|answer| answer.status() == 200)?;
    let cookie = answer.headers().get("set-cookie")?.to_str().ok()?;
    cookie.split(';').next().map(str::to_owned)
}

/// Has the master's nimadm run `script` before itself.
pub(crate) fn before_nimadm(estate: &Estate, script: &str) {
    let real = String::from_utf8(estate.on_master("cat \"$(command -v nimadm)\"", b"")).unwrap();
    let (shebang, exec) = real.split_once('\n').unwrap();
    estate.on_master("cat >\"$(command -v nimadm)\"", format!("{shebang}\n{script}{exec}").as_bytes());
}

/// The same, and launches; the id of the migration whose log it is.
pub(crate) async fn launch(program: &Program, script: &str) -> String {
    before_nimadm(&program.estate(), script);
    program.rest.launch(&order("lpar71")).await
}

async fn run(lines: usize, pause: &str) -> (Times, Times) {
    let program = Program::start(2000).await;
    let address = program.address().to_string();
    let script = format!(
        "sleep 3\ni=0\nwhile [ $i -lt {lines} ]; do\necho \"{STAMP}$(/bin/date +%s%N) and what such a line says besides\"\n\
         /bin/sleep {pause}\ni=$((i+1))\ndone\n"
    );
    let id = launch(&program, &script).await;
    let out = format!("{}/out", Program::spool(&id, 1));
    until("the job begins", || async { program.exists(&out).then_some(()) }).await;
    let mut ssh = Command::new("ssh");
    ssh.arg("-F").arg(program.lab().join("ssh_config")).args(["nim1", &format!("tail -c +1 -f {out}")]);
    let mut ssh = ssh.stdout(std::process::Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut their_lines = BufReader::new(ssh.stdout.take().unwrap()).lines();
    let theirs = async {
        let mut delays = Vec::new();
        while delays.len() < lines
            && let Some(line) = their_lines.next_line().await.unwrap()
        {
            if let Some(stamp) = line.strip_prefix(STAMP) {
                delays.push(delay(stamp.as_bytes(), now()));
            }
        }
        delays
    };
    let mut viewer = Viewer::open(&address, &cookie(&address).await, &id).await;
    let ours = viewer.watch(|seen| seen.stamped >= lines as u64);
    let (theirs, ()) = tokio::join!(theirs, ours);
    (Times::of(viewer.seen.delays), Times::of(theirs))
}
