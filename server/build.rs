//! Makes the folder of web assets exist, so that the program compiles before they are built, and notices when they change.

fn main() {
    let site = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/site");
    if let Err(error) = std::fs::create_dir_all(format!("{site}/pkg")) {
        println!("cargo::error=cannot create {site}: {error}");
    }
    println!("cargo::rerun-if-changed={site}");
    println!("cargo::rerun-if-changed=../migrations");
}
