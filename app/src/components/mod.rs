//! Parts that several pages share.

pub mod actions;
pub mod clock;
pub mod confirm_dialog;
pub mod disk_map;
pub mod event_source;
pub mod fields;
pub mod frame;
pub mod host_state;
pub mod loaded;
pub mod log;
pub mod migration_table;
pub mod phase_list;
pub mod phase_strip;
pub mod preflight;
pub mod problem_box;
pub mod state_badge;
pub mod theme;
