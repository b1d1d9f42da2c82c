//! In which order rows are locked where there are several writers.

use std::time::Duration;

use sea_orm::ConnectionTrait;

use crate::harness::{Db, incident_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_acknowledges_holds_nothing_while_an_outcome_is_recorded() {
    let db = Db::postgres().await;
    let monitor = db.monitor(&[]).await;
    let id = incident_of(db.go_down(&monitor).await);
    // As whoever records an outcome: first the monitor, then its incident.
    let recording = db.connect().await;
    let lock = format!(
        "BEGIN; SELECT id FROM monitors WHERE id = {} FOR UPDATE",
        monitor.id
    );
    recording.execute_unprepared(&lock).await.unwrap();
    let record = async {
        let waits =
            "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))";
        while recording.execute_unprepared(waits).await.unwrap().rows_affected() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let lock = format!("SELECT id FROM incidents WHERE id = {id} FOR UPDATE NOWAIT");
        recording.execute_unprepared(&lock).await.unwrap();
        recording.execute_unprepared("COMMIT").await.unwrap();
    };
    let incidents = db.store.incidents();
    let (acknowledged, ()) = tokio::join!(incidents.acknowledge(id, "ada"), record);
    assert!(acknowledged.unwrap().is_some());
}
