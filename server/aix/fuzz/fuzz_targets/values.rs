//! The words that are types of their own: disks, names, levels, sizes, numbers.
#![no_main]

use aix::{DiskName, Hundredths, Level, ObjectName, OsLevel, Pvid, Size, VgId, Vrmf, df::Blocks, errpt::Timestamp, ps};

aix_fuzz::forms!(
    str::parse::<DiskName> => DiskName::to_string,
    str::parse::<Pvid> => Pvid::to_string,
    str::parse::<VgId> => VgId::to_string,
    str::parse::<ObjectName> => ObjectName::to_string,
    str::parse::<Level> => Level::to_string,
    str::parse::<OsLevel> => OsLevel::to_string,
    str::parse::<Vrmf> => Vrmf::to_string,
    str::parse::<Size> => Size::to_string,
    str::parse::<Size> => |size| size.spoken(),
    str::parse::<Hundredths> => Hundredths::to_string,
    str::parse::<Blocks> => Blocks::to_string,
    str::parse::<Timestamp> => Timestamp::to_string,
    str::parse::<ps::Elapsed> => ps::Elapsed::to_string,
);
