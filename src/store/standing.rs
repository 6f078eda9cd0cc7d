//! How one recipient stands, and what their mailbox's refusals add up to.

use super::db::{Connection, Sql, args};
use super::people::record;
use super::row::millis;
use super::tx::Tx;
use crate::audience::{Address, Standing};
use crate::queue::{NewStanding, SoftBounce, StoreError};
use crate::text;
use crate::text::Text;

/// Days over which temporary bounces add up.
const DAYS: i64 = 30;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Sets how somebody stands, unless what stands there outlasts it.
pub(super) async fn stand(
    tx: &mut Tx,
    channel: &str,
    address: &Address,
    token: &str,
    new: &NewStanding,
) -> Result<Option<Standing>, StoreError> {
    const STAND: Sql = Sql::both(
        "INSERT INTO recipients (channel, address, token, listed, standing, reason, soft_bounces, since) \
         VALUES ($1, $2, $3, 0, $4, $5, 0, $6) ON CONFLICT (channel, address) DO UPDATE SET \
         standing = excluded.standing, reason = excluded.reason, soft_bounces = 0, since = excluded.since",
    );
    let before = standing(&mut tx.connection, channel, address).await?;
    let stays = before.is_some_and(|before| before == new.standing || before.outlasts(new.standing));
    if stays {
        return Ok(before);
    }
    let reason = new.reason.clone();
    let args = args![channel, address.as_str(), token, new.standing.name(), reason, millis(new.at)];
    tx.connection.execute(STAND, args).await?;
    record(tx, &new.who, new.standing.name(), new.at, Some(channel), None, &note(address, new)).await?;
    Ok(before)
}

fn note(address: &Address, new: &NewStanding) -> Text {
    let reason = new.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    match new.standing {
        Standing::Active => text!("{address} lại được gửi thư{reason}", "{address} may be written to again{reason}"),
        Standing::Unsubscribed => text!("{address} hủy nhận thư{reason}", "{address} unsubscribed{reason}"),
        Standing::Bounced => text!("hộp thư {address} không nhận được{reason}", "{address} bounced{reason}"),
        Standing::Complained => text!("{address} báo thư không mong muốn{reason}", "{address} complained{reason}"),
    }
}

/// How somebody stands, if they are known.
async fn standing(
    connection: &mut Connection,
    channel: &str,
    address: &Address,
) -> Result<Option<Standing>, StoreError> {
    const STANDING: Sql = Sql::both("SELECT standing FROM recipients WHERE channel = $1 AND address = $2");
    let row = connection.first(STANDING, args![channel, address.as_str()]).await?;
    let name = row.map(|row| row.string("standing")).transpose()?;
    let odd = |name: String| StoreError::Corrupt(format!("there is no standing \"{name}\""));
    name.map(|name| Standing::named(&name).ok_or_else(|| odd(name))).transpose()
}

/// Counts a temporary bounce. The letter's hash makes a second reading harmless, on whatever day that is.
pub(super) async fn soft_bounce(
    tx: &mut Tx,
    channel: &str,
    address: &Address,
    bounce: &SoftBounce,
) -> Result<Option<Standing>, StoreError> {
    const COUNT: Sql = Sql {
        sqlite: "INSERT INTO soft_bounces (channel, address, day, message, at) SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS \
                 (SELECT 1 FROM soft_bounces WHERE channel = $1 AND address = $2 AND (day = $3 OR message = $4))",
        postgres: "INSERT INTO soft_bounces (channel, address, day, message, at) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT DO NOTHING",
    };
    const DAYS_OF: Sql = Sql::both(
        "UPDATE recipients SET soft_bounces = (SELECT count(*) FROM soft_bounces b WHERE b.channel = $1 \
         AND b.address = $2 AND b.day > $3 AND b.at >= recipients.since) \
         WHERE channel = $1 AND address = $2 RETURNING soft_bounces",
    );
    let before = standing(&mut tx.connection, channel, address).await?;
    if before != Some(Standing::Active) {
        return Ok(before);
    }
    let now = millis(bounce.at);
    let today = now.div_euclid(DAY_MS);
    let args = args![channel, address.as_str(), today, &bounce.message, now];
    if tx.connection.execute(COUNT, args).await? == 0 {
        return Ok(before);
    }
    let row = tx.connection.first(DAYS_OF, args![channel, address.as_str(), today - DAYS]).await?;
    let days = row.map(|row| row.small("soft_bounces")).transpose()?.unwrap_or_default();
    if days < bounce.limit {
        return Ok(before);
    }
    let why = &bounce.reason;
    let new = NewStanding {
        standing: Standing::Bounced,
        reason: Some(format!("{days} ngày · days: {why}")),
        who: "loa".to_owned(),
        at: bounce.at,
    };
    // They are known, so that no token is needed.
    stand(tx, channel, address, "", &new).await?;
    Ok(Some(Standing::Bounced))
}
