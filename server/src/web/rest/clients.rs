//! `/clients`: the machines that are migrated, by id, or by a NIM name that only one master has.

use super::{Answer, AppState};
use crate::web::extract::{At, Filter, SignedIn};
use app::model::{Client, ClientFilter, Page};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

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

/// `?master=` beside a name.
#[derive(Deserialize)]
struct Of {
    master: Option<String>,
}

impl Of {
    /// The client as the deck takes it.
    fn wanted(self, client: String) -> String {
        match self.master.filter(|master| !master.is_empty()) {
            Some(master) => format!("{master}/{client}"),
            None => client,
        }
    }
}

async fn show(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At(id): At<String>,
    Filter(of): Filter<Of>,
) -> Answer<Client> {
    Ok(Json(state.deck.client(&caller, &of.wanted(id)).await?))
}

async fn refresh(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    At(id): At<String>,
    Filter(of): Filter<Of>,
) -> Answer<Client> {
    Ok(Json(state.deck.refresh_client(&caller, &of.wanted(id)).await?))
}
