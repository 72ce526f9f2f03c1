//! lsnim
