use std::{net::IpAddr, time::Duration};

use domain::{id::TokenId, mail::Address};
use secrecy::{ExposeSecret, SecretString};
use store::accounts::{CreateAdminError, Password, RetryAfter, Scope};

use crate::harness::{Db, both};

fn email(text: &str) -> Address {
    Address::parse("email", text).unwrap()
}

fn password(text: &str) -> Password {
    Password::parse("password", text).unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_database_that_takes_no_writes_locks_nobody_out() {
    let db = Db::sqlite().await;
    let accounts = db.store.accounts();
    let user = accounts
        .upsert_admin(&email("a@example.org"), &password("a quiet brass bell"))
        .await
        .unwrap();
    let (cookie, session) = accounts.start_session(user.id, false).await.unwrap();
    let token = accounts
        .create_token(user.id, "t", Scope::Read, None)
        .await
        .unwrap();
    assert!(!format!("{session:?}").contains(&session.csrf), "{session:?}");
    db.advance(Duration::from_hours(1));
    for table in ["sessions", "api_tokens"] {
        db.sql(&format!(
            "CREATE TRIGGER full_{table} BEFORE UPDATE ON {table} BEGIN SELECT RAISE(FAIL, 'disk full'); END"
        ))
        .await;
    }
    assert!(accounts.session(cookie.expose_secret()).await.unwrap().is_some());
    assert!(accounts.token(token.expose_secret()).await.unwrap().is_some());
}

async fn right(db: &Db, who: &str, text: &str) -> bool {
    let typed = SecretString::from(text);
    db.store
        .accounts()
        .authenticate(who, &typed)
        .await
        .unwrap()
        .is_some()
}

both! {
    async fn of_fifty_first_admins_one_succeeds(db: Db) {
        assert!(db.store.accounts().setup_needed().await.unwrap());
        db.store.accounts().set_setup_token(&SecretString::from("tok")).await.unwrap();
        let tasks = (0..50).map(|i| {
            let store = db.store.clone();
            tokio::task::spawn(async move {
                let email = email(&format!("admin{i}@example.org"));
                store.accounts().create_first_admin(&email, &password("a quiet brass bell")).await
            })
        });
        let mut created = Vec::new();
        for task in tasks.collect::<Vec<_>>() {
            match task.await.unwrap() {
                Ok(user) => created.push(user.email),
                Err(CreateAdminError::AlreadyDone) => {}
                Err(CreateAdminError::Store(e)) => panic!("{e}"),
            }
        }
        assert_eq!(created.len(), 1);
        assert!(!db.store.accounts().setup_needed().await.unwrap());
        assert!(!db.store.accounts().check_setup_token("tok").await.unwrap(), "the token is spent");
        assert!(right(&db, &created[0], "a quiet brass bell").await);
    }

    async fn an_admin_from_the_command_line_ends_the_setup_and_resets_a_password(db: Db) {
        let user = db.store.accounts().upsert_admin(&email("Ada@example.org"), &password("a quiet brass bell")).await.unwrap();
        let done = db.store.accounts().create_first_admin(&email("b@example.org"), &password("another password")).await;
        assert!(matches!(done, Err(CreateAdminError::AlreadyDone)));
        let (cookie, _) = db.store.accounts().start_session(user.id, true).await.unwrap();

        let same = db.store.accounts().upsert_admin(&email("ada@example.org"), &password("a loud brass bell")).await.unwrap();
        assert_eq!(same.id, user.id);
        assert!(db.store.accounts().session(cookie.expose_secret()).await.unwrap().is_none());
        assert!(!right(&db, "ada@example.org", "a quiet brass bell").await);
        assert!(right(&db, " ADA@example.org ", "a loud brass bell").await);
        assert!(!right(&db, "nobody@example.org", "a loud brass bell").await);
        let second = db.store.accounts().upsert_admin(&email("bob@example.org"), &password("a third brass bell")).await.unwrap();
        assert_ne!(second.id, user.id);
        assert_eq!(db.store.accounts().user_by_email("bob@example.org").await.unwrap(), Some(second));
    }

    async fn sessions_end_when_idle_when_old_and_on_logout(db: Db) {
        let accounts = db.store.accounts();
        let user = accounts.upsert_admin(&email("a@example.org"), &password("a quiet brass bell")).await.unwrap();
        let (short, session) = accounts.start_session(user.id, false).await.unwrap();
        let (long, other) = accounts.start_session(user.id, true).await.unwrap();
        let (short, long) = (short.expose_secret(), long.expose_secret());
        assert_ne!(session.csrf, other.csrf);
        assert_eq!(accounts.session(short).await.unwrap().unwrap().csrf, session.csrf);
        assert!(accounts.session("guess").await.unwrap().is_none());

        db.advance(Duration::from_hours(23));
        assert!(accounts.session(short).await.unwrap().is_some(), "being used keeps it");
        db.advance(Duration::from_hours(23));
        assert!(accounts.session(short).await.unwrap().is_some());
        db.advance(Duration::from_hours(24));
        assert!(accounts.session(short).await.unwrap().is_none());
        for _ in 0..3 {
            assert!(accounts.session(long).await.unwrap().is_some());
            db.advance(Duration::from_hours(29 * 24));
        }
        db.advance(Duration::from_hours(24));
        assert!(accounts.session(long).await.unwrap().is_none(), "ninety days are the end");

        let (cookie, _) = accounts.start_session(user.id, false).await.unwrap();
        accounts.end_session(cookie.expose_secret()).await.unwrap();
        assert!(accounts.session(cookie.expose_secret()).await.unwrap().is_none());
        let (cookie, _) = accounts.start_session(user.id, false).await.unwrap();
        accounts.end_sessions_of(user.id).await.unwrap();
        assert!(accounts.session(cookie.expose_secret()).await.unwrap().is_none());
    }

    async fn guessing_is_slowed_down_here_and_the_owner_elsewhere_is_not_locked_out(db: Db) {
        let mut db = db;
        let (attacker, owner) = (ip("192.0.2.1"), ip("198.51.100.7"));
        for _ in 0..9 {
            db.store.accounts().login_failed("ada@example.org", attacker).await.unwrap();
        }
        let Err(RetryAfter(here)) = db.store.accounts().login_allowed("ada@example.org", attacker).await.unwrap() else {
            panic!("nine failures slow down");
        };
        assert_eq!(here, Duration::from_secs(64));
        let Err(RetryAfter(elsewhere)) = db.store.accounts().login_allowed("ADA@example.org", owner).await.unwrap() else {
            panic!("the account itself is a little slower");
        };
        assert!(elsewhere <= Duration::from_secs(5));
        assert_eq!(db.store.accounts().login_allowed("bob@example.org", owner).await.unwrap(), Ok(()));

        db.reopen().await;
        assert!(db.store.accounts().login_allowed("ada@example.org", attacker).await.unwrap().is_err(), "a restart forgives nothing");
        db.advance(Duration::from_secs(5));
        assert_eq!(db.store.accounts().login_allowed("ada@example.org", owner).await.unwrap(), Ok(()));
        db.store.accounts().login_succeeded("ada@example.org", owner).await.unwrap();
        assert!(db.store.accounts().login_allowed("ada@example.org", attacker).await.unwrap().is_err());
        db.advance(Duration::from_mins(1));
        assert_eq!(db.store.accounts().login_allowed("ada@example.org", attacker).await.unwrap(), Ok(()));
    }

    async fn one_network_has_ten_failures_a_minute(db: Db) {
        let accounts = db.store.accounts();
        for i in 0..10 {
            let guess = format!("user{i}@example.org");
            let from = ip(&format!("2001:db8::{i}"));
            assert_eq!(accounts.login_allowed(&guess, from).await.unwrap(), Ok(()), "{i}");
            accounts.login_failed(&guess, from).await.unwrap();
        }
        assert!(accounts.login_allowed("x@example.org", ip("2001:db8::99")).await.unwrap().is_err());
        assert_eq!(accounts.login_allowed("x@example.org", ip("2001:db8:1::1")).await.unwrap(), Ok(()));
        db.advance(Duration::from_mins(1));
        assert_eq!(accounts.login_allowed("x@example.org", ip("2001:db8::99")).await.unwrap(), Ok(()));
        accounts.login_failed("x@example.org", ip("2001:db8::99")).await.unwrap();
        assert_eq!(accounts.login_allowed("x@example.org", ip("2001:db8::99")).await.unwrap(), Ok(()));
    }

    async fn a_token_works_until_it_is_revoked_or_expires(db: Db) {
        let accounts = db.store.accounts();
        let user = accounts.upsert_admin(&email("a@example.org"), &password("a quiet brass bell")).await.unwrap();
        let forever = accounts.create_token(user.id, "ci", Scope::Read, None).await.unwrap();
        let text = forever.expose_secret().to_owned();
        let (id, secret) = text.strip_prefix("wb_").unwrap().split_once('_').unwrap();
        assert_eq!(secret.len(), 43);
        let token = accounts.token(&text).await.unwrap().unwrap();
        assert_eq!((token.scope, token.name.as_str(), token.user.id), (Scope::Read, "ci", user.id));
        let swapped = format!("{}{}", &text[..text.len() - 1], if text.ends_with('A') { "B" } else { "A" });
        for wrong in ["", "wb_", "wb_1", &swapped, &format!("wb_99_{secret}"), &format!("wb_x_{secret}"), &format!("{id}_{secret}")] {
            assert!(accounts.token(wrong).await.unwrap().is_none(), "{wrong}");
        }
        assert_eq!(accounts.tokens().await.unwrap()[0].last_used_at, Some(db.now()));

        let end = db.now().plus(Duration::from_secs(10));
        let short = accounts.create_token(user.id, "tmp", Scope::Push, Some(end)).await.unwrap();
        assert!(accounts.token(short.expose_secret()).await.unwrap().is_some());
        db.advance(Duration::from_secs(10));
        assert!(accounts.token(short.expose_secret()).await.unwrap().is_none());
        assert!(accounts.revoke_token(token.id).await.unwrap());
        assert!(!accounts.revoke_token(token.id).await.unwrap());
        assert!(accounts.token(&text).await.unwrap().is_none());
        assert!(!accounts.revoke_token(TokenId(99)).await.unwrap());
    }

    async fn the_setup_token_is_the_last_one_that_was_set(db: Db) {
        let accounts = db.store.accounts();
        assert!(!accounts.check_setup_token("").await.unwrap());
        accounts.set_setup_token(&SecretString::from("one")).await.unwrap();
        accounts.set_setup_token(&SecretString::from("two")).await.unwrap();
        assert!(accounts.check_setup_token("two").await.unwrap());
        assert!(!accounts.check_setup_token("one").await.unwrap());
    }
}
