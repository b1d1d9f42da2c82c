//! The windows in which the messages of a channel are collected ([`domain::gathering`]), kept where several instances
//! and a restart find them.

use domain::{
    channel::ChannelKind,
    clock::Timestamp,
    delivery::Event,
    gathering::{Gathering, Window},
};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::OnConflict,
};

use crate::{
    entity::{channel, window},
    error::StoreError,
};

/// When messages of `channel` about `event` that are planned in this transaction are due. Its window is begun, or goes on.
pub(super) async fn due<C: ConnectionTrait>(
    tx: &C,
    channel: &channel::Model,
    event: Event,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let gathers = ChannelKind::parse(&channel.kind).is_some_and(ChannelKind::is_for_people);
    if !gathers {
        return Ok(now);
    }
    let before = read(tx, channel.id).await?;
    let mut after = before;
    let due = after.plan(event, now);
    if after != before {
        write(tx, channel.id, after).await?;
    }
    Ok(due)
}

/// Locked, so that of two events at once on PostgreSQL one is the first.
async fn read<C: ConnectionTrait>(tx: &C, channel: i64) -> Result<Gathering, StoreError> {
    let find = || window::Entity::find_by_id(channel).lock_exclusive().one(tx);
    let row = match find().await? {
        Some(row) => Some(row),
        None => {
            let blank = window::ActiveModel {
                channel_id: Set(channel),
                ..values(Gathering::default())
            };
            window::Entity::insert(blank)
                .on_conflict(
                    OnConflict::column(window::Column::ChannelId)
                        .do_nothing()
                        .to_owned(),
                )
                .exec_without_returning(tx)
                .await?;
            find().await?
        }
    };
    let window = |ends_at: Option<i64>, collected| Window {
        ends_at: ends_at.map(Timestamp::from_millis),
        collected,
    };
    Ok(row.map_or_else(Gathering::default, |row| Gathering {
        down: window(row.down_ends_at, row.down_collected),
        up: window(row.up_ends_at, row.up_collected),
        minor: window(row.minor_ends_at, row.minor_collected),
    }))
}

async fn write<C: ConnectionTrait>(tx: &C, channel: i64, gathering: Gathering) -> Result<(), StoreError> {
    use sea_orm::ColumnTrait as _;
    window::Entity::update_many()
        .set(values(gathering))
        .filter(window::Column::ChannelId.eq(channel))
        .exec(tx)
        .await?;
    Ok(())
}

fn values(gathering: Gathering) -> window::ActiveModel {
    let Gathering { down, up, minor } = gathering;
    window::ActiveModel {
        down_ends_at: Set(down.ends_at.map(Timestamp::as_millis)),
        down_collected: Set(down.collected),
        up_ends_at: Set(up.ends_at.map(Timestamp::as_millis)),
        up_collected: Set(up.collected),
        minor_ends_at: Set(minor.ends_at.map(Timestamp::as_millis)),
        minor_collected: Set(minor.collected),
        ..Default::default()
    }
}
