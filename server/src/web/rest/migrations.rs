//! `/preflight` and `/migrations`: check, launch, watch, act.

use super::{Answer, AppState, Failure};
use crate::deck::launch::bad_key;
use crate::error::NOT_FOUND;
use crate::web::extract::{At, Body, Filter, OptionalBody, SignedIn};
use app::model::{
    Action, Ask, LaunchRequest, LogLines, Migration, MigrationFilter, MigrationSummary, Page, Preflight, Problem,
    Verification,
};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use uuid::Uuid;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/preflight", post(preflight))
        .route("/migrations", get(list).post(launch))
        .route("/migrations/{id}", get(show))
        .route("/migrations/{id}/{action}", post(act))
        .route("/migrations/{id}/log/lines", get(log_lines))
        .route("/migrations/{id}/verification", get(verification))
}

async fn preflight(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Body(request): Body<LaunchRequest>,
) -> Answer<Preflight> {
    Ok(Json(state.deck.preflight(&caller, request).await?))
}

async fn list(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Filter(filter): Filter<MigrationFilter>,
) -> Answer<Page<MigrationSummary>> {
    Ok(Json(state.deck.migrations(&caller, filter).await?))
}

async fn launch(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    headers: HeaderMap,
    Body(request): Body<LaunchRequest>,
) -> Result<(StatusCode, [(header::HeaderName, HeaderValue); 1], Json<Migration>), Failure> {
    let migration = state.deck.launch(&caller, request, idempotency_key(&headers)?).await?;
    let location = super::location("migrations", migration.id)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(migration)))
}

/// The caller's name for this very request: what was lost on the way can be sent again without doubling it.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    value.to_str().map(|key| Some(key.to_owned())).map_err(|_| bad_key())
}

async fn show(State(state): State<AppState>, SignedIn(caller): SignedIn, At(id): At<Uuid>) -> Answer<Migration> {
    Ok(Json(state.deck.migration(&caller, id).await?))
}

async fn act(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At((id, action)): At<(Uuid, String)>,
    OptionalBody(body): OptionalBody<Ask>,
) -> Answer<Migration> {
    let action: Action = action.parse().map_err(|why| NOT_FOUND.problem(format!("No such action: {why}.")))?;
    Ok(Json(state.deck.act(&caller, id, action, body).await?))
}

#[derive(Deserialize)]
struct Stretch {
    #[serde(default = "first")]
    from: u64,
    #[serde(default = "many")]
    limit: u32,
}

fn first() -> u64 {
    1
}

fn many() -> u32 {
    1000
}

async fn log_lines(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At(id): At<Uuid>,
    Filter(stretch): Filter<Stretch>,
) -> Answer<LogLines> {
    Ok(Json(state.deck.log_lines(&caller, id, stretch.from, stretch.limit).await?))
}

async fn verification(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At(id): At<Uuid>,
) -> Answer<Verification> {
    Ok(Json(state.deck.verification(&caller, id).await?))
}
