//! efix
