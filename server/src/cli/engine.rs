//! Puts the engine together: key, lab, deck, and the first look at the masters.

use super::lab::{cannot_start, options};
use crate::{
    background::Background,
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
    store::{self, master, pools::Pools},
    web::rest,
};
use app::model::{NewMaster, Problem};
use async_trait::async_trait;
use lab::{Lab, Role};
use sqlx::PgPool;
use std::{path::Path, sync::Arc, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What was read within this time is not read again at a start.
const FRESH: Duration = Duration::from_secs(600);

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
    for host in lab.hosts().into_iter().filter(|host| host.role == Role::Master) {
        let name = host.name.parse().map_err(|error: aix::name::BadName| cannot_start(&error))?;
        let new = NewMaster {
            name,
            host: host.addr.ip().to_string(),
            port: host.addr.port(),
            user: lab.user().to_owned(),
            host_key: Some(host.host_key),
        };
        let put = async {
            let mut tx = store::begin(pool).await?;
            let put = master::put_simulated(&mut tx, &new).await?;
            tx.commit().await.map(|()| put)
        };
        if !put.await.map_err(|error| database(&error))? {
            return Err(BAD_SETTING.problem(format!(
                "A real NIM master is called {}, like the lab's. Rename it, or start without --lab.",
                new.name
            )));
        }
    }
    Ok(lab)
}
