//! The milestones of a run: which lines show progress, and what is counted by them.
//!
//! One sorted table of beginnings. A line is looked up by its first byte, which is where most of installp's lines are passed
//! over, and then by binary search; the test below keeps the table sorted and no beginning part of another, which is what
//! makes the search exact.

/// A kind of milestone (nimadm.md §1.7, §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the table below gives each kind's line")]
pub enum StepKind {
    AdjustSizes,
    Adjust,
    BackUp,
    Bootlist,
    ImageData,
    RenameVolumes,
    CheckDisks,
    CheckSpace,
    CleanUpClient,
    CleanUpMaster,
    GiveUp,
    ClientCommand,
    Clone,
    FileSystem,
    CacheFileSystem,
    BootImage,
    CreateGroup,
    LogicalVolume,
    CacheGroup,
    Customize,
    Expand,
    Export,
    SizeChanged,
    Installed,
    InstallFinished,
    FixControlBlocks,
    FixSuperblocks,
    ListFiles,
    Client,
    Mksysb,
    LogFile,
    Master,
    Install,
    Link64,
    MergeFiles,
    ModifyOdm,
    NfsMount,
    CloneComplete,
    Sleep,
    RemoveCacheFileSystem,
    RemoveExport,
    RemoveCache,
    RestoreBos,
    RestoreOdm,
    RestoreMksysb,
    WriteMksysb,
    Merge,
    SaveFiles,
    SetUpBos,
    Start,
    SyncToClient,
    SyncToCache,
    UnmountClient,
    UpdateInstaller,
    Eligibility,
    VerifyClone,
    WakeUp,
    WriteBootImage,
    BootImageSize,
    Unmount,
    Updates,
    UpdatesVerified,
    Apply,
    NoScript,
}

use StepKind as S;

/// Beginnings of lines, sorted. Those of NFS mode, mksysb mode, wake-up and sleep are (unconfirmed).
pub(super) const STEPS: &[(&str, StepKind)] = &[
    ("Adjusting client file system sizes", S::AdjustSizes),
    ("Adjusting size for ", S::Adjust),
    ("Backing-up the rootvg files", S::BackUp),
    ("Bootlist is set to the boot disk: ", S::Bootlist),
    ("Calling mkszfile to create new /image.data file", S::ImageData),
    ("Changing logical volume names in volume group descriptor area", S::RenameVolumes),
    ("Checking disk sizes", S::CheckDisks),
    ("Checking for initial required migration space", S::CheckSpace),
    ("Cleaning up alt_disk_migration on client ", S::CleanUpClient),
    ("Cleaning up alt_disk_migration on the NIM master.", S::CleanUpMaster),
    ("Cleaning up.", S::GiveUp),
    ("Client alt_disk_install command: ", S::ClientCommand),
    ("Cloning altinst_rootvg on client, Phase ", S::Clone),
    ("Creating /alt_inst", S::FileSystem),
    ("Creating cache file system ", S::CacheFileSystem),
    ("Creating client boot image", S::BootImage),
    ("Creating cloned rootvg volume group and associated logical volumes", S::CreateGroup),
    ("Creating logical volume ", S::LogicalVolume),
    ("Creating mksysb image ", S::WriteMksysb),
    ("Creating nimadm cache file systems on volume group ", S::CacheGroup),
    ("Executing user customization script", S::Customize),
    ("Expanding ", S::Expand),
    ("Exporting ", S::Export),
    ("Filesets processed:", S::Installed),
    ("Filesystem size changed to ", S::SizeChanged),
    ("Finished processing all filesets", S::InstallFinished),
    ("Fixing LV control blocks", S::FixControlBlocks),
    ("Fixing file system superblocks", S::FixSuperblocks),
    ("Generating a list of files", S::ListFiles),
    ("Initializing NIM client ", S::Client),
    ("Initializing NIM mksysb ", S::Mksysb),
    ("Initializing log: ", S::LogFile),
    ("Initializing the NIM master", S::Master),
    ("Installing and migrating software", S::Install),
    ("Linking to 64bit kernel", S::Link64),
    ("Merging system configuration files", S::MergeFiles),
    ("Modifying ODM on cloned disk", S::ModifyOdm),
    ("NFS mounting ", S::NfsMount),
    ("Phase 1 complete", S::CloneComplete),
    ("Putting volume group ", S::Sleep),
    ("Removing cache file system ", S::RemoveCacheFileSystem),
    ("Removing export", S::RemoveExport),
    ("Removing nimadm cache file systems", S::RemoveCache),
    ("Restoring base operating system", S::RestoreBos),
    ("Restoring device ODM database", S::RestoreOdm),
    ("Restoring mksysb image", S::RestoreMksysb),
    ("Running migration merge method: ", S::Merge),
    ("Saving system configuration files", S::SaveFiles),
    ("Setting up for base operating system restore", S::SetUpBos),
    ("Starting Alternate Disk Migration", S::Start),
    ("Syncing cache data to client", S::SyncToClient),
    ("Syncing client data to cache", S::SyncToCache),
    ("Unmounting client mounts on the NIM master", S::UnmountClient),
    ("Updating install utilities", S::UpdateInstaller),
    ("Verifying alt_disk_migration eligibility", S::Eligibility),
    ("Verifying altinst_rootvg", S::VerifyClone),
    ("Waking up ", S::WakeUp),
    ("Writing boot image to client's alternate boot disk ", S::WriteBootImage),
    ("bosboot: Boot image is ", S::BootImageSize),
    ("forced unmount of ", S::Unmount),
    ("install_all_updates: Result = ", S::Updates),
    ("install_all_updates: Verification completed", S::UpdatesVerified),
    ("installp: APPLYING software for", S::Apply),
    ("nimadm: There is no user customization script specified for this phase", S::NoScript),
];

/// Where in the table the beginnings with a first byte are: from, and up to.
const BY_FIRST_BYTE: [(u8, u8); 256] = {
    let mut places = [(0, 0); 256];
    let mut at = 0;
    while at < STEPS.len() {
        let first = STEPS[at].0.as_bytes()[0] as usize;
        let (from, to) = places[first];
        places[first] = (if to == 0 { at as u8 } else { from }, at as u8 + 1);
        at += 1;
    }
    places
};

/// The milestone a line is, and what the line names.
pub(super) fn find(text: &str) -> Option<(StepKind, &str)> {
    let (from, to) = BY_FIRST_BYTE[usize::from(*text.as_bytes().first()?)];
    let candidates = STEPS.get(usize::from(from)..usize::from(to))?;
    let at = candidates.partition_point(|(start, _)| *start <= text);
    let (start, kind) = candidates.get(at.checked_sub(1)?)?;
    let item = text.strip_prefix(start)?;
    // Two beginnings are words that others could also write.
    let sure = match kind {
        StepKind::Master => matches!(item, "" | "."),
        StepKind::WakeUp | StepKind::Sleep => item.contains("rootvg"),
        StepKind::Expand | StepKind::FileSystem => item.contains("filesystem") || item.contains("file system"),
        StepKind::LogicalVolume => item.starts_with("alt_"),
        StepKind::GiveUp => item.is_empty(),
        _ => true,
    };
    let item = item.trim_end_matches([' ', '.']);
    let item = match kind {
        StepKind::FileSystem => item.trim_end_matches(" file system"),
        StepKind::Expand => item.split(' ').next().unwrap_or(item),
        _ => item,
    };
    sure.then_some((*kind, item))
}

impl StepKind {
    /// What is counted by steps of this kind, in the plural; none where there is one a phase.
    #[must_use]
    pub fn counted(self) -> Option<&'static str> {
        Some(match self {
            Self::LogicalVolume => "logical volumes created",
            Self::FileSystem => "file systems created",
            Self::CacheFileSystem => "cache file systems created",
            Self::Export => "file systems exported",
            Self::Merge => "merge methods run",
            Self::Installed => "filesets installed",
            Self::Adjust => "file systems adjusted",
            Self::Expand => "file systems expanded",
            Self::Unmount => "file systems unmounted",
            Self::RemoveCacheFileSystem => "cache file systems removed",
            _ => return None,
        })
    }

    /// The steps of an earlier phase whose number tells how many of these there are to do.
    pub(super) fn as_many_as(self) -> Option<Self> {
        match self {
            Self::CacheFileSystem | Self::Adjust => Some(Self::FileSystem),
            Self::RemoveCacheFileSystem => Some(Self::CacheFileSystem),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_no_beginning_hides_another() {
        for pair in STEPS.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{:?}", pair[1].0);
            assert!(!pair[1].0.starts_with(pair[0].0), "{:?}", pair[1].0);
        }
        for (start, kind) in STEPS {
            let line = match kind {
                S::WakeUp | S::Sleep => format!("{start}altinst_rootvg"),
                S::Expand | S::FileSystem => format!("{start}/usr filesystem"),
                S::LogicalVolume => format!("{start}alt_hd5"),
                S::GiveUp | S::Master => (*start).to_owned(),
                _ => format!("{start}x"),
            };
            assert_eq!(find(&line).map(|found| found.0), Some(*kind), "{line}");
        }
    }

    #[test]
    fn names_come_without_the_full_stop_that_some_releases_print() {
        assert_eq!(find("Creating logical volume alt_hd5."), Some((S::LogicalVolume, "alt_hd5")));
        assert_eq!(find("Creating logical volume alt_hd5"), Some((S::LogicalVolume, "alt_hd5")));
        assert_eq!(find("Initializing the NIM master's clock"), None);
        assert_eq!(find(""), None);
        assert_eq!(find("zzz"), None);
    }
}
