//! Which deliveries somebody wants to see, as a query.
//!
//! What the history holds of a filter's match must not decide how long the query takes: ids carry the time of planning,
//! so a range of time is a range of keys; every other filter has an index that ends in the id; and a part of an address
//! is first turned into the addresses that have it.

use domain::{
    clock::Timestamp,
    delivery::{DeliveryState, Event},
    id::{ChannelId, DeliveryId, IncidentId, MonitorId, ProfileId},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    Statement,
    sea_query::{Expr, ExprTrait, Func, LikeExpr, SimpleExpr},
};
use uuid::Uuid;

use super::plan::first_id;
use crate::{
    entity::{attempt, delivery, incident},
    error::StoreError,
};

#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    pub state: Option<DeliveryState>,
    pub channel: Option<ChannelId>,
    pub incident: Option<IncidentId>,
    pub monitor: Option<MonitorId>,
    pub event: Option<Event>,
    /// An address, or a part of some. Upper and lower case are the same.
    pub recipient: Option<String>,
    /// Tried through this mail profile.
    pub profile: Option<ProfileId>,
    /// Travelling in this digest.
    pub digest: Option<DeliveryId>,
    /// Planned then or later.
    pub from: Option<Timestamp>,
    /// Planned earlier.
    pub to: Option<Timestamp>,
    pub cursor: Option<String>,
    /// 1 to 500.
    pub limit: u32,
}

/// More addresses than this with one part in common: then most rows match, and looking at each is no detour.
const MOST_ADDRESSES: usize = 500;

/// More attempts than this are no rare ones.
const MOST_ATTEMPTS: u64 = 500;

impl DeliveryFilter {
    /// Latest first; everything but the page. `None`: nothing can match.
    pub(super) async fn select<C: ConnectionTrait>(
        &self,
        db: &C,
    ) -> Result<Option<Select<delivery::Entity>>, StoreError> {
        use delivery::Column;
        let mut select = delivery::Entity::find().order_by_desc(Column::Id);
        if let Some(state) = self.state {
            select = select.filter(Column::State.eq(state.as_str()));
        }
        if let Some(channel) = self.channel {
            select = select.filter(Column::ChannelId.eq(channel.0));
        }
        if let Some(incident) = self.incident {
            select = select.filter(Column::IncidentId.eq(incident.0));
        }
        if let Some(monitor) = self.monitor {
            let incidents = incident::Entity::find()
                .select_only()
                .column(incident::Column::Id)
                .filter(incident::Column::MonitorId.eq(monitor.0))
                .filter(incident::Column::Origin.is_null())
                .into_query();
            select = select.filter(Column::IncidentId.in_subquery(incidents));
        }
        if let Some(event) = self.event {
            select = select.filter(Column::Event.eq(event.as_str()));
        }
        if let Some(profile) = self.profile {
            select = select.filter(tried_through(db, profile).await?);
        }
        if let Some(digest) = self.digest {
            select = select.filter(Column::DigestOf.eq(digest.0));
        }
        if let Some(from) = self.from {
            select = select.filter(Column::Id.gte(first_id(from)));
        }
        if let Some(to) = self.to {
            select = select.filter(Column::Id.lt(first_id(to)));
        }
        if let Some(part) = &self.recipient {
            let addresses = addresses_with(db, part.trim()).await?;
            if addresses.is_empty() {
                return Ok(None);
            }
            select = if addresses.len() > MOST_ADDRESSES {
                let lower = Func::lower(Expr::col(Column::Recipient));
                select.filter(Expr::expr(lower).like(LikeExpr::new(pattern(part.trim())).escape('\\')))
            } else {
                select.filter(Column::Recipient.is_in(addresses))
            };
        }
        Ok(Some(select))
    }
}

/// Deliveries that were tried through a profile. Of one that was seldom used, its attempts lead to them; of one that
/// mostly was, looking at the latest deliveries soon finds enough.
async fn tried_through<C: ConnectionTrait>(db: &C, profile: ProfileId) -> Result<SimpleExpr, StoreError> {
    let tried = || {
        attempt::Entity::find()
            .select_only()
            .column(attempt::Column::DeliveryId)
            .filter(attempt::Column::ProfileId.eq(profile.0))
    };
    let some: Vec<Uuid> = tried().limit(MOST_ATTEMPTS + 1).into_tuple().all(db).await?;
    if some.len() as u64 <= MOST_ATTEMPTS {
        // The attempts of a digest stand with its id.
        return Ok(delivery::Column::Id
            .is_in(some.iter().copied())
            .or(delivery::Column::DigestOf.is_in(some)));
    }
    let kept_with = Expr::cust("COALESCE(deliveries.digest_of, deliveries.id)");
    let of_delivery = Expr::col((attempt::Entity, attempt::Column::DeliveryId)).eq(kept_with);
    Ok(Expr::exists(tried().filter(of_delivery).into_query()))
}

/// The addresses of the log that are `part`, or else have it in them; at most one more than [`MOST_ADDRESSES`]. Goes from
/// one address to the next through the index, so it takes as long as there are addresses, however many rows each has.
async fn addresses_with<C: ConnectionTrait>(db: &C, part: &str) -> Result<Vec<String>, StoreError> {
    let sql = format!(
        "WITH RECURSIVE known(recipient) AS ( \
           SELECT MIN(recipient) FROM deliveries \
           UNION ALL \
           SELECT (SELECT MIN(d.recipient) FROM deliveries d WHERE d.recipient > known.recipient) \
             FROM known WHERE known.recipient IS NOT NULL) \
         SELECT recipient FROM known WHERE recipient <> '' AND LOWER(recipient) LIKE $1 ESCAPE '\\' \
         LIMIT {}",
        MOST_ADDRESSES + 1
    );
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [pattern(part).into()]);
    let rows = db.query_all_raw(statement).await?;
    let all: Vec<String> = rows
        .iter()
        .map(|r| r.try_get("", "recipient"))
        .collect::<Result<_, _>>()?;
    let exact: Vec<String> = all
        .iter()
        .filter(|a| a.eq_ignore_ascii_case(part))
        .cloned()
        .collect();
    Ok(if exact.is_empty() { all } else { exact })
}

/// More than an address has: what is longer is found in none, cut or not, and SQLite refuses patterns beyond 50,000 bytes.
const MOST_CHARACTERS: usize = 400;

/// "Contains", with the signs that LIKE gives a meaning taken as they are. No address holds a NUL; SQLite would end the
/// pattern there and find everything, and PostgreSQL refuses it, so it becomes a sign that no address has either.
pub(crate) fn pattern(part: &str) -> String {
    let mut pattern = String::from("%");
    for c in part.to_lowercase().chars().take(MOST_CHARACTERS) {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(if c == '\0' { char::REPLACEMENT_CHARACTER } else { c });
    }
    pattern.push('%');
    pattern
}
