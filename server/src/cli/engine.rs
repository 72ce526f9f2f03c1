//! Puts the engine together: key, lab, deck, and the first look at the masters.

use super::lab::{cannot_start, options};
use crate::{
    background::{Background, Every},
    deck::ServerDeck,
    engine::{
        Engine, Timing,
        interlock::Limits,
        masters::{Keys, Masters},
    },
    error::{BAD_SETTING, database, with_causes},
    logs::bus::Bus,
    remote::key,
    serve::{self, StartEngine},
    settings::Settings,
    store::{
        self,
        master::{self, PutSimulated},
        pools::Pools,
    },
    web::rest,
};
use app::model::{NewMaster, Problem};
use async_trait::async_trait;
use lab::{Lab, LabHost, Role};
use sqlx::PgPool;
use std::{path::Path, sync::Arc, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What was read within this time is not read again at a start.
const FRESH: Duration = Duration::from_secs(600);
/// How long the masters of a lab are held without a sign of life from its server.
const LAB_TTL: Duration = Duration::from_secs(30);
const LAB_RENEWED: Duration = Duration::from_secs(5);

/// Starts the real engine; with the lab where it is asked for, or where no master is configured.
pub(super) struct Start;

#[async_trait]
impl StartEngine for Start {
    async fn start(
        self,
        settings: &Settings,
        pools: &Pools,
        background: &Background,
        shutdown: CancellationToken,
    ) -> Result<serve::Engine, Problem> {
        let tasks = TaskTracker::new();
        let pool = pools.pages.clone();
        let known = master::list(&pool).await.map_err(|error| database(&error))?;
        let simulated = settings.lab || known.iter().all(|master| master.simulated);
        let key = |path: &Path| key::load_or_create(path).map_err(|error| BAD_SETTING.problem(with_causes(&error)));
        let mut keys = Keys { own: key(&settings.ssh_key_path())?, lab: None };
        if simulated {
            let lab = start_lab(settings, &pool, shutdown.clone()).await?;
            hold(&lab, pools.engine.clone(), background, shutdown.clone());
            keys.lab = Some(key(&lab.key_path())?);
            tasks.spawn(async move { lab.wait().await });
        }
        let masters = Masters::new(pools.engine.clone(), keys);
        let days = |days: u16| Duration::from_secs(u64::from(days) * 24 * 3600);
        let timing = Timing {
            takeovers: settings.max_takeovers.into(),
            silent_minutes: settings.silent_minutes.into(),
            limits: Limits {
                clone_max_age: days(settings.clone_max_age_days),
                rollback_window: days(settings.rollback_window_days),
            },
            ..Timing::default()
        };
        let bus = Bus::new(pools.viewers.clone());
        bus.run(background, &shutdown);
        let engine = Engine::start(pools.engine.clone(), bus.clone(), &masters, timing, background);
        // Servers that start one after the other need not all read an estate of a thousand clients.
        engine.read_masters(master::unread(&pool, FRESH).await.map_err(|error| database(&error))?);
        tasks.spawn({
            let engine = engine.clone();
            let shutdown = shutdown.clone();
            async move {
                shutdown.cancelled().await;
                engine.shutdown().await;
            }
        });
        let routes = rest::log::router(pools.viewers.clone(), bus.clone(), background, shutdown.clone());
        let deck = Arc::new(ServerDeck { masters: masters.on(pool.clone()), pool, engine, bus, simulated });
        Ok(serve::Engine { deck, routes, tasks })
    }
}

/// Starts the lab and makes its masters known. Its keys are known for certain: it was this process that made them.
async fn start_lab(settings: &Settings, pool: &PgPool, shutdown: CancellationToken) -> Result<Lab, Problem> {
    let mut options = options(&settings.data_dir.join("lab"))?;
    options.speed = settings.lab_speed;
    let lab = Lab::start(options, shutdown).await.map_err(|error| cannot_start(&error))?;
    let mut tx = store::begin(pool).await.map_err(|error| database(&error))?;
    for host in masters_of(&lab) {
        let name = host.name.parse().map_err(|error: aix::name::BadName| cannot_start(&error))?;
        let new = NewMaster {
            name,
            host: host.addr.ip().to_string(),
            port: host.addr.port(),
            user: lab.user().to_owned(),
            host_key: Some(host.host_key),
        };
        let put = master::put_simulated(&mut tx, &new, LAB_TTL).await.map_err(|error| database(&error))?;
        let name = &new.name;
        let why = match put {
            PutSimulated::Done => continue,
            PutSimulated::NameIsReal => {
                format!("A real NIM master is called {name}, like the lab's. Rename it, or start without --lab.")
            }
            PutSimulated::OtherLab => format!(
                "Another nimdeck server with this database runs a simulated estate with {name}, and only that server can reach it. Stop \
                 it and wait {} s, or configure a real NIM master there and start this server without --lab.",
                LAB_TTL.as_secs()
            ),
        };
        return Err(BAD_SETTING.problem(why));
    }
    tx.commit().await.map_err(|error| database(&error))?;
    Ok(lab)
}

/// Tells other servers, as long as this one runs, that its lab lives.
fn hold(lab: &Lab, pool: PgPool, background: &Background, shutdown: CancellationToken) {
    let keys: Arc<[String]> = masters_of(lab).map(|host| host.host_key).collect();
    background.repeat(Every::new("lab", LAB_RENEWED), shutdown, move || {
        let (pool, keys) = (pool.clone(), keys.clone());
        async move {
            let mut tx = store::begin(&pool).await?;
            master::hold_simulated(&mut tx, &keys, LAB_TTL).await?;
            Ok(tx.commit().await?)
        }
    });
}

fn masters_of(lab: &Lab) -> impl Iterator<Item = LabHost> {
    lab.hosts().into_iter().filter(|host| host.role == Role::Master)
}
