//! later
pub(super) async fn serve(
    _i: impl tokio::io::AsyncRead,
    _o: impl tokio::io::AsyncWrite,
    _h: std::path::PathBuf,
) -> std::io::Result<()> {
    Ok(())
}
