//! Databases that are real, empty and apart.

use testkit::{Canary, Postgres};

#[tokio::test]
async fn every_call_gives_an_empty_database_of_its_own() {
    let (one, two) = tokio::join!(Postgres::start(), Postgres::start());
    assert_ne!(one.url(), two.url());
    one.sql("CREATE TABLE t (n int)").await;
    one.sql("INSERT INTO t VALUES (1), (2)").await;
    assert_eq!(one.sql("SELECT n, n * 2 FROM t ORDER BY n").await, "1|2\n2|4");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(two.sql(tables).await, "0");
}

#[test]
fn canaries_are_found_in_every_guise() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let canary = Canary::new();
    for prefix in ["", "\0user\0", "ab", "abc"] {
        let text = STANDARD.encode(format!("{prefix}{}tail", canary.value()));
        assert_eq!(canary.found_in(format!("x={text}")), Some("base64"), "{prefix:?}");
    }
    assert_eq!(canary.found_in(format!("<{}>", canary.value())), Some("plain"));
    assert_eq!(canary.found_in(Canary::new().value()), None);
}
