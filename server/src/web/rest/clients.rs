//! `/clients`: the machines that are migrated, by id or NIM name.

use super::{Answer, AppState};
use crate::web::extract::{At, Filter, SignedIn};
use app::model::{Client, ClientFilter, Page};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/clients", get(list))
        .route("/clients/{id}", get(show))
        .route("/clients/{id}/refresh", post(refresh))
}

async fn list(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Filter(filter): Filter<ClientFilter>,
) -> Answer<Page<Client>> {
    Ok(Json(state.deck.clients(&caller, filter).await?))
}

async fn show(State(state): State<AppState>, SignedIn(caller): SignedIn, At(id): At<String>) -> Answer<Client> {
    Ok(Json(state.deck.client(&caller, &id).await?))
}

async fn refresh(State(state): State<AppState>, SignedIn(caller): SignedIn, At(id): At<String>) -> Answer<Client> {
    Ok(Json(state.deck.refresh_client(&caller, &id).await?))
}
