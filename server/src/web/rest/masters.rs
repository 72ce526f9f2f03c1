//! `/masters`: NIM masters and their resources.

use super::{Answer, AppState, Failure};
use crate::web::extract::{At, Body, Filter, OnePage, SignedIn};
use app::model::{Master, MasterChange, NewMaster, Page, Resource};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use uuid::Uuid;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/masters", get(list).post(add))
        .route("/masters/{id}", get(show).patch(change).delete(remove))
        .route("/masters/{id}/refresh", post(refresh))
        .route("/masters/{id}/host-key", post(pin_host_key))
        .route("/masters/{id}/resources", get(resources))
}

async fn list(State(state): State<AppState>, SignedIn(caller): SignedIn, _: OnePage) -> Answer<Page<Master>> {
    Ok(Json(state.deck.masters(&caller).await?))
}

async fn add(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Body(new): Body<NewMaster>,
) -> Result<(StatusCode, [(header::HeaderName, HeaderValue); 1], Json<Master>), Failure> {
    let master = state.deck.add_master(&caller, new).await?;
    let location = super::location("masters", master.id)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(master)))
}

async fn show(State(state): State<AppState>, SignedIn(caller): SignedIn, At(id): At<Uuid>) -> Answer<Master> {
    Ok(Json(state.deck.master(&caller, id).await?))
}

async fn change(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At(id): At<Uuid>,
    Body(change): Body<MasterChange>,
) -> Answer<Master> {
    Ok(Json(state.deck.change_master(&caller, id, change).await?))
}

async fn remove(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At(id): At<Uuid>,
) -> Result<StatusCode, Failure> {
    state.deck.remove_master(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn refresh(State(state): State<AppState>, SignedIn(caller): SignedIn, At(id): At<Uuid>) -> Answer<Master> {
    Ok(Json(state.deck.refresh_master(&caller, id).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostKey {
    fingerprint: String,
}

async fn pin_host_key(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At(id): At<Uuid>,
    Body(key): Body<HostKey>,
) -> Answer<Master> {
    Ok(Json(state.deck.pin_host_key(&caller, id, key.fingerprint).await?))
}

#[derive(Deserialize)]
struct OfType {
    #[serde(rename = "type")]
    kind: Option<String>,
}

async fn resources(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At(id): At<Uuid>,
    Filter(filter): Filter<OfType>,
    _: OnePage,
) -> Answer<Page<Resource>> {
    Ok(Json(state.deck.resources(&caller, id, filter.kind).await?))
}
