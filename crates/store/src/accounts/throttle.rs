//! Slowing down who guesses passwords. It is kept in the database, so a restart forgives nothing.
//!
//! Three counters per failure. Account and network together: a delay that doubles, up to 15 minutes. The account from
//! everywhere: at most 5 seconds, so that an attacker cannot lock the owner out from elsewhere. The network: ten
//! attempts a minute, whatever the account.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::clock::Timestamp;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use super::{Accounts, email_key, secret};
use crate::{entity::throttle, error::StoreError};

const FREE: i32 = 3;
const LONGEST: Duration = Duration::from_mins(15);
const LONGEST_FROM_ELSEWHERE: Duration = Duration::from_secs(5);
const PER_NETWORK: i32 = 10;
const NETWORK_WINDOW: Duration = Duration::from_mins(1);
/// Failures are forgotten after a day without another one.
const MEMORY: Duration = Duration::from_hours(24);

/// Ask again after this long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter(pub Duration);

impl Accounts<'_> {
    /// Whether a login may be tried now.
    pub async fn login_allowed(
        &self,
        account: &str,
        ip: IpAddr,
    ) -> Result<Result<(), RetryAfter>, StoreError> {
        let now = self.store.now();
        let keys = Keys::new(account, ip);
        let rows = throttle::Entity::find()
            .filter(throttle::Column::Key.is_in(keys.all()))
            .all(self.store.inner.db.read())
            .await?;
        let wait = rows.iter().map(|row| keys.wait(row, now)).max();
        Ok(match wait {
            Some(wait) if !wait.is_zero() => Err(RetryAfter(wait)),
            _ => Ok(()),
        })
    }

    pub async fn login_failed(&self, account: &str, ip: IpAddr) -> Result<(), StoreError> {
        let now = self.store.now();
        let keys = Keys::new(account, ip);
        let tx = self.store.inner.db.write().await?;
        let forgotten = now.minus(MEMORY).as_millis();
        let window_over = now.minus(NETWORK_WINDOW).as_millis();
        throttle::Entity::delete_many()
            .filter(
                throttle::Column::LastAt.lt(forgotten).or(throttle::Column::Key
                    .eq(&keys.network)
                    .and(throttle::Column::FirstAt.lte(window_over))),
            )
            .exec(&*tx)
            .await?;
        for key in keys.all() {
            let row = throttle::ActiveModel {
                key: Set(key),
                failures: Set(1),
                first_at: Set(now.as_millis()),
                last_at: Set(now.as_millis()),
            };
            let again = OnConflict::column(throttle::Column::Key)
                .update_column(throttle::Column::LastAt)
                .value(
                    throttle::Column::Failures,
                    Expr::col((throttle::Entity, throttle::Column::Failures)).add(1),
                )
                .to_owned();
            throttle::Entity::insert(row)
                .on_conflict(again)
                .exec_without_returning(&*tx)
                .await?;
        }
        tx.commit().await
    }

    /// Forgives the account from here, not the network: it may be guessing other accounts.
    pub async fn login_succeeded(&self, account: &str, ip: IpAddr) -> Result<(), StoreError> {
        let keys = Keys::new(account, ip);
        let own = throttle::Column::Key.is_in([keys.pair, keys.account]);
        let known = throttle::Entity::find()
            .filter(own.clone())
            .one(self.store.inner.db.read())
            .await?;
        if known.is_some() {
            let tx = self.store.inner.db.write().await?;
            throttle::Entity::delete_many().filter(own).exec(&*tx).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

struct Keys {
    pair: String,
    account: String,
    network: String,
}

impl Keys {
    fn new(account: &str, ip: IpAddr) -> Self {
        // What was typed as an account may be a password in the wrong field: only its hash is kept.
        let account = URL_SAFE_NO_PAD.encode(secret::digest(&email_key(account)));
        let network = network(ip);
        Self {
            pair: format!("pair:{account}:{network}"),
            account: format!("account:{account}"),
            network: format!("network:{network}"),
        }
    }

    fn all(&self) -> [String; 3] {
        [self.pair.clone(), self.account.clone(), self.network.clone()]
    }

    fn wait(&self, row: &throttle::Model, now: Timestamp) -> Duration {
        let at = Timestamp::from_millis;
        let until = if row.key == self.network {
            if row.failures < PER_NETWORK {
                return Duration::ZERO;
            }
            at(row.first_at).plus(NETWORK_WINDOW)
        } else {
            let longest = if row.key == self.pair {
                LONGEST
            } else {
                LONGEST_FROM_ELSEWHERE
            };
            at(row.last_at).plus(delay(row.failures).min(longest))
        };
        // A clock that was set back must not keep anybody out for longer than the longest delay.
        until.since(now).min(LONGEST)
    }
}

/// 1 s after the third failure, then twice as long each time.
fn delay(failures: i32) -> Duration {
    if failures < FREE {
        return Duration::ZERO;
    }
    Duration::from_secs(1 << Ord::min(failures - FREE, 12))
}

/// The network that one guesser has: an IPv4 address, or the 64 bits that a provider gives to one customer.
fn network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let bits = u128::from(ip) >> 64 << 64;
            format!("{}/64", Ipv6Addr::from(bits))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_after_three_failures() {
        let seconds: Vec<u64> = (1..=7).map(|n| delay(n).as_secs()).collect();
        assert_eq!(seconds, [0, 0, 1, 2, 4, 8, 16]);
        assert!(delay(i32::MAX) >= LONGEST);
    }

    #[test]
    fn a_v6_guesser_cannot_walk_through_the_own_network() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
