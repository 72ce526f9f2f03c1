//! lsvg
