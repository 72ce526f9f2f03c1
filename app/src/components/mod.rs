//! Parts that several pages share.

#![expect(unreachable_pub, reason = "what the component macro generates is pub whatever the component is")]

pub(crate) mod actions;
pub(crate) mod campaign_badge;
pub(crate) mod campaign_cutover;
pub(crate) mod campaign_orders;
pub(crate) mod clock;
pub(crate) mod confirm_dialog;
pub(crate) mod cutover_dialog;
pub(crate) mod disk_map;
pub(crate) mod event_source;
pub(crate) mod fields;
pub(crate) mod fleet;
pub(crate) mod form_dialog;
pub(crate) mod frame;
pub(crate) mod host_state;
pub(crate) mod import_table;
pub(crate) mod loaded;
pub(crate) mod log;
pub(crate) mod log_report;
pub(crate) mod migration_table;
pub(crate) mod phase_list;
pub(crate) mod phase_strip;
pub(crate) mod preflight;
pub(crate) mod problem_box;
pub(crate) mod refresh_client;
pub(crate) mod schedule;
pub(crate) mod start_time;
pub(crate) mod state_badge;
pub(crate) mod theme;
pub(crate) mod watch;
pub(crate) mod wave_bar;
