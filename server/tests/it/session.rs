//! Signing in and out.

use crate::support::{PASSWORD, Server, code, write};
use app::model::Role;
use server::auth::token;
use server::store::{self, Tx, audit, session, user};

async fn actions(server: &Server) -> Vec<String> {
    let page = audit::list(&server.pool, &app::model::AuditFilter::default()).await.unwrap();
    page.items.into_iter().map(|entry| format!("{} {}", entry.actor, entry.action)).collect()
}

#[tokio::test]
async fn right_and_wrong_passwords_are_told_apart_and_recorded() {
    let server = Server::start().await;
    server.add_user("jane", Role::Operator).await;
    let client = server.client();
    for (username, password) in [("jane", "wrong"), ("nobody", PASSWORD), ("", ""), ("ja\0ne", PASSWORD)] {
        let response = server.sign_in(&client, username, password).await;
        assert_eq!(response.status(), 401, "{username:?}");
        assert_eq!(code(response).await, "ND0103");
    }
    let response = server.sign_in(&client, " Jane", PASSWORD).await;
    assert_eq!(response.status(), 200);
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in ["nimdeck=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    let me: app::model::Me = client.get(server.url("/api/v1/session")).send().await.unwrap().json().await.unwrap();
    assert_eq!((me.username.as_str(), me.role), ("jane", Role::Operator));
    assert_eq!(client.delete(server.url("/api/v1/session")).send().await.unwrap().status(), 204);
    assert_eq!(client.get(server.url("/api/v1/session")).send().await.unwrap().status(), 401);
    let record = actions(&server).await;
    assert_eq!(
        record,
        [
            "jane session.delete",
            "jane session.create",
            "unknown session.refuse",
            "unknown session.refuse",
            "unknown session.refuse",
            "jane session.refuse"
        ]
    );
    let stored: Vec<u8> =
        sqlx::query_scalar("SELECT convert_to(coalesce(string_agg(s::text, ''), ''), 'UTF8') FROM session s")
            .fetch_one(&server.pool)
            .await
            .unwrap();
    let id = cookie.split(['=', ';']).nth(1).unwrap();
    assert!(!String::from_utf8_lossy(&stored).contains(id), "the cookie is not in the table");
}

#[tokio::test]
async fn the_form_leads_on_and_back() {
    let server = Server::start().await;
    server.add_user("jane", Role::Viewer).await;
    let client = server.client();
    let post = async |password: &str, next: &str| {
        let form = format!("username=jane&password={}&next={next}", password.replace(' ', "+"));
        let request =
            client.post(server.url("/sign-in")).header("content-type", "application/x-www-form-urlencoded").body(form);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 303);
        response.headers()["location"].to_str().unwrap().to_owned()
    };
    assert_eq!(post("wrong", "/clients").await, "/sign-in?error=ND0103&next=/clients");
    assert_eq!(post(PASSWORD, "/clients").await, "/clients");
    assert_eq!(post(PASSWORD, "//evil.example").await, "/");
    let response = client.post(server.url("/sign-out")).send().await.unwrap();
    assert_eq!(response.headers()["location"], "/sign-in");
    assert_eq!(client.get(server.url("/")).send().await.unwrap().status(), 303);
}

#[tokio::test]
async fn changes_to_a_user_count_at_once() {
    let server = Server::start().await;
    let jane = server.add_user("jane", Role::Admin).await;
    let client = server.client();
    server.sign_in(&client, "jane", PASSWORD).await;
    let who = async || client.get(server.url("/api/v1/session")).send().await.unwrap();
    write(&server.pool, async |tx| user::set_role(tx, jane.id, Role::Viewer).await).await.unwrap();
    assert_eq!(who().await.json::<app::model::Me>().await.unwrap().role, Role::Viewer);
    write(&server.pool, async |tx| user::set_disabled(tx, jane.id, true).await).await.unwrap();
    assert_eq!(who().await.status(), 401);
    assert_eq!(server.sign_in(&server.client(), "jane", PASSWORD).await.status(), 401);
    write(&server.pool, async |tx| user::set_disabled(tx, jane.id, false).await).await.unwrap();
    server.sign_in(&client, "jane", PASSWORD).await;
    write(&server.pool, async |tx| session::delete_of(tx, jane.id).await).await.unwrap();
    assert_eq!(who().await.status(), 401);
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    let server = Server::start().await;
    server.add_user("jane", Role::Viewer).await;
    let client = server.client();
    for _ in 0..10 {
        assert_eq!(server.sign_in(&client, "jane", "wrong").await.status(), 401);
    }
    let response = server.sign_in(&client, "jane", PASSWORD).await;
    assert_eq!(response.status(), 429);
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(code(response).await, "ND0104");
}

#[tokio::test]
async fn a_token_acts_for_its_user_with_the_lower_role() {
    let server = Server::start().await;
    let jane = server.add_user("jane", Role::Admin).await;
    let secret = token::generate();
    let hash = token::hash(secret.expose());
    let made = async |tx: &mut Tx| store::token::insert(tx, jane.id, "ci", &hash, Role::Viewer, None).await;
    assert!(write(&server.pool, made).await.unwrap());
    let get =
        async |token: &str| server.client().get(server.url("/api/v1/session")).bearer_auth(token).send().await.unwrap();
    assert_eq!(get(secret.expose()).await.json::<app::model::Me>().await.unwrap().role, Role::Viewer);
    assert_eq!(get("nd_0").await.status(), 401);
    assert!(write(&server.pool, async |tx| store::token::revoke(tx, jane.id, "ci").await).await.unwrap());
    assert_eq!(get(secret.expose()).await.status(), 401);
}

#[tokio::test]
async fn a_database_that_is_down_signs_nobody_out() {
    let server = Server::start().await;
    server.add_user("jane", Role::Viewer).await;
    let client = server.client();
    server.sign_in(&client, "jane", PASSWORD).await;
    server.pool.close().await;
    let response = client.get(server.url("/api/v1/session")).send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(!response.headers().contains_key("set-cookie"), "the cookie stays");
    assert_eq!(code(response).await, "ND0002");
    assert_eq!(client.get(server.url("/readyz")).send().await.unwrap().status(), 503);
    assert_eq!(client.get(server.url("/healthz")).send().await.unwrap().status(), 200);
}

/// What ends open streams: asked for all of them at once.
#[tokio::test]
async fn sessions_and_tokens_that_are_gone_are_told_from_those_that_hold() {
    let server = Server::start().await;
    let admin = server.add_user("stays", Role::Viewer).await;
    let leaver = server.add_user("leaves", Role::Viewer).await;
    for (id, user, ends) in [(1_u8, admin.id, "1 hour"), (2, leaver.id, "1 hour"), (3, admin.id, "-1 second")] {
        let insert = "INSERT INTO session (id_hash, user_id, data, created_at, expires_at)
                      VALUES ($1, $2, '{}', now() - interval '1 day', now() + $3::interval)";
        let insert = sqlx::query(insert).bind(vec![id; 32]).bind(user).bind(ends);
        insert.execute(&server.database().by_hand).await.unwrap();
        let insert = "INSERT INTO api_token (id, user_id, name, token_hash, role, created_at, expires_at)
                      VALUES ($1, $2, $3, $4, 'viewer', now() - interval '1 day', now() + $5::interval)";
        let insert = sqlx::query(insert).bind(uuid::Uuid::now_v7()).bind(user).bind(format!("t{id}"));
        insert
            .bind(token::hash(&id.to_string()).to_vec())
            .bind(ends)
            .execute(&server.database().by_hand)
            .await
            .unwrap();
    }
    let disable = sqlx::query("UPDATE user_account SET disabled_at = now() WHERE id = $1").bind(leaver.id);
    disable.execute(&server.database().by_hand).await.unwrap();

    let sessions: Vec<_> = (1..=4).map(|id| vec![id; 32]).collect();
    let mut gone = store::session::gone(&server.pool, &sessions).await.unwrap();
    gone.sort_unstable();
    assert_eq!(gone, sessions[1..]);
    let tokens: Vec<_> = (1..=4).map(|id| token::hash(&id.to_string()).to_vec()).collect();
    let gone = store::token::gone(&server.pool, &tokens).await.unwrap();
    assert!(gone.len() == 3 && !gone.contains(&tokens[0]));
}
