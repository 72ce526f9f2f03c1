//! One run a client: who works on it, and whether they still live.

/// Whether the nimadm that took a lock still runs. A process id alone may have gone to somebody else.
pub(crate) fn alive(pid: u32, subject: &str) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| {
        let words: Vec<_> = line.split(|byte| *byte == 0).collect();
        words.iter().any(|word| word.ends_with(b"nimadm")) && words.contains(&subject.as_bytes())
    })
}
