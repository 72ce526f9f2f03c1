//! Standard input, output and exit codes, many sessions on one connection, and the commands called locally.

use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Gives a command its standard input while its output is read.
async fn pipe(mut ssh: Command, input: Vec<u8>) -> Output {
    let mut ssh = ssh.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = ssh.stdin.take().unwrap();
    // An error only says that the other side stopped reading.
    let write = tokio::spawn(async move { stdin.write_all(&input).await.is_ok() });
    let output = soon(ssh.wait_with_output()).await.unwrap();
    write.abort();
    output
}

#[tokio::test(flavor = "multi_thread")]
async fn interpreters_read_their_program_from_standard_input() {
    let estate = Estate::start().await;
    let script = b"hostname; cd /; echo \"$1\"; exit 4\n".to_vec();
    let output = pipe(estate.ssh("lpar72", "sh -s argument"), script.clone()).await;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "lpar72\nargument\n");
    assert_eq!(output.status.code(), Some(4));
    // A shell without a terminal and without a command reads them from there too.
    let mut shell = estate.client("ssh");
    shell.args(["-T", "lpar72"]);
    let output = pipe(shell, script).await;
    assert_eq!((String::from_utf8_lossy(&output.stdout).as_ref(), output.status.code()), ("lpar72\n\n", Some(4)));
    let output = pipe(estate.ssh("lpar72", "perl - one"), b"print `lspv | wc -l`, $ARGV[0]; exit 5".to_vec()).await;
    if output.status.code() != Some(127) {
        assert!(String::from_utf8_lossy(&output.stdout).ends_with("\none"));
        assert_eq!(output.status.code(), Some(5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn megabytes_go_through_both_ways_at_once() {
    let estate = Estate::start().await;
    let input: Vec<u8> =
        (0..24_u32 << 20).map(|at| u8::try_from(at.wrapping_mul(2_654_435_761) >> 24).unwrap()).collect();
    let output = pipe(estate.ssh("nim1", "tee /dev/stderr"), input.clone()).await;
    assert!(output.status.success());
    assert!(output.stdout == input && output.stderr == input, "{} {}", output.stdout.len(), output.stderr.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_late_stops_nobody() {
    let estate = Estate::start().await;
    let mut ssh = estate.ssh("nim1", "cat");
    let mut ssh = ssh.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (ssh.stdin.take().unwrap(), ssh.stdout.take().unwrap());
    // Everything is sent before anything is read: what `cat` cannot pass on yet must wait at the server.
    let input = vec![b'x'; 32 << 20];
    soon(stdin.write_all(&input)).await.unwrap();
    drop(stdin);
    let mut output = Vec::new();
    soon(stdout.read_to_end(&mut output)).await.unwrap();
    assert!(output == input && soon(ssh.wait()).await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn input_that_nobody_reads_is_no_error() {
    let estate = Estate::start().await;
    let output = pipe(estate.ssh("nim1", "head -c 3; exec 0<&-; echo; exit 6"), vec![b'y'; 8 << 20]).await;
    assert_eq!((String::from_utf8_lossy(&output.stdout).as_ref(), output.status.code()), ("yyy\n", Some(6)));
    let output = pipe(estate.ssh("nim1", "exit 9"), vec![0; 8 << 20]).await;
    assert_eq!(output.status.code(), Some(9));
}
