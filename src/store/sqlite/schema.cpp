// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/schema.hpp"

#include <fmt/format.h>

#include <array>

namespace octroi::sqlite {
namespace {

// Foreign keys are declared for readers of the schema but not enforced. Three look-ups for each
// transfer would halve the speed of a commit, only commit() writes references, and the audit
// resolves every one.
constexpr const char* version_1 = R"sql(
CREATE TABLE meter (
    meter_id INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    role     INTEGER NOT NULL,          -- 1 bill, 2 witness
    UNIQUE (name, kind, role)
) STRICT;

CREATE TABLE holder (
    holder_id INTEGER PRIMARY KEY,
    kind      INTEGER NOT NULL,         -- 1 account, 2 unattributed, 3 outside, 4 excluded
    name      TEXT NOT NULL,
    UNIQUE (kind, name)
) STRICT;

CREATE TABLE party (
    party_id INTEGER PRIMARY KEY,
    holder   INTEGER NOT NULL REFERENCES holder,
    identity TEXT NOT NULL,
    UNIQUE (holder, identity)
) STRICT;

CREATE TABLE service (
    service_id INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE class_version (
    class_version_id INTEGER PRIMARY KEY,
    version          TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE batch (
    sequence          INTEGER PRIMARY KEY,   -- 1, 2, 3, …
    id                BLOB NOT NULL UNIQUE,
    meter             INTEGER NOT NULL REFERENCES meter,
    booked_at         INTEGER NOT NULL,      -- ns since 1970
    class_version     INTEGER NOT NULL REFERENCES class_version,
    directory_version INTEGER NOT NULL,
    observed_bytes    INTEGER NOT NULL,
    observed_packets  INTEGER NOT NULL,
    observed_flows    INTEGER NOT NULL,
    first_transfer    INTEGER NOT NULL,      -- its transfers: this transfer_id and the ones behind
    transfers         INTEGER NOT NULL,
    first_bucket      INTEGER,               -- of its transfers; NULL without any
    last_bucket       INTEGER,
    hash              BLOB NOT NULL
) STRICT;
CREATE INDEX batch_by_time ON batch (last_bucket, first_bucket, first_transfer, transfers, meter);

CREATE TABLE transfer (
    transfer_id INTEGER PRIMARY KEY,
    bucket      INTEGER NOT NULL,            -- its start in units of 300 s since 1970
    from_party  INTEGER NOT NULL REFERENCES party,
    to_party    INTEGER NOT NULL REFERENCES party,
    service     INTEGER NOT NULL REFERENCES service,
    bytes       INTEGER NOT NULL,
    packets     INTEGER NOT NULL,
    flows       INTEGER NOT NULL
) STRICT;

CREATE TABLE batch_cursor (
    batch    INTEGER NOT NULL REFERENCES batch,
    source   TEXT NOT NULL,
    position BLOB NOT NULL,
    version  INTEGER NOT NULL,
    note     TEXT NOT NULL,
    PRIMARY KEY (batch, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor (
    meter    TEXT NOT NULL,
    source   TEXT NOT NULL,
    position BLOB NOT NULL,
    version  INTEGER NOT NULL,
    note     TEXT NOT NULL,
    PRIMARY KEY (meter, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX cursor_by_source ON cursor (source);

CREATE TABLE loss (
    batch       INTEGER NOT NULL REFERENCES batch,
    number      INTEGER NOT NULL,            -- 0, 1, 2, … inside the batch
    source      TEXT NOT NULL,
    reason      INTEGER NOT NULL,
    begin_at    INTEGER NOT NULL,            -- ns since 1970
    end_at      INTEGER NOT NULL,
    packets     INTEGER,                     -- NULL: no bound is known
    bytes_bound INTEGER,
    PRIMARY KEY (batch, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE directory_change (
    version INTEGER PRIMARY KEY,             -- 1, 2, 3, …
    at      INTEGER NOT NULL,
    hash    BLOB NOT NULL
) STRICT;

-- Rows of the directory hold from version `added` until before version `removed` (NULL: now).
CREATE TABLE account (
    name    TEXT NOT NULL,
    parent  TEXT NOT NULL,
    title   TEXT NOT NULL,
    added   INTEGER NOT NULL REFERENCES directory_change,
    removed INTEGER REFERENCES directory_change,
    PRIMARY KEY (name, added)
) STRICT, WITHOUT ROWID;

CREATE TABLE binding (
    binding_id  INTEGER NOT NULL,
    kind        INTEGER NOT NULL,            -- 1 prefix, 2 mac, 3 vlan, 4 interface
    value       TEXT NOT NULL,
    account     TEXT NOT NULL,
    begin_at    INTEGER NOT NULL,
    end_at      INTEGER NOT NULL,
    per_address INTEGER NOT NULL,
    added       INTEGER NOT NULL REFERENCES directory_change,
    removed     INTEGER REFERENCES directory_change,
    PRIMARY KEY (binding_id, added)
) STRICT, WITHOUT ROWID;

CREATE TABLE network (
    prefix      TEXT NOT NULL,
    per_address INTEGER NOT NULL,
    added       INTEGER NOT NULL REFERENCES directory_change,
    removed     INTEGER REFERENCES directory_change,
    PRIMARY KEY (prefix, added)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_added ON account (added);
CREATE INDEX account_removed ON account (removed);
CREATE INDEX binding_added ON binding (added);
CREATE INDEX binding_removed ON binding (removed);
CREATE INDEX network_added ON network (added);
CREATE INDEX network_removed ON network (removed);

CREATE TABLE class_table (
    class_table_id INTEGER PRIMARY KEY,
    version        TEXT NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    loaded_at      INTEGER NOT NULL,
    default_class  TEXT NOT NULL,
    prefixes       INTEGER NOT NULL,
    checksum       BLOB NOT NULL
) STRICT;

CREATE TABLE class_name (
    class_table INTEGER NOT NULL REFERENCES class_table,
    number      INTEGER NOT NULL,
    name        TEXT NOT NULL,
    PRIMARY KEY (class_table, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE class_routes (
    class_table INTEGER NOT NULL REFERENCES class_table,
    number      INTEGER NOT NULL,
    octets      BLOB NOT NULL,
    PRIMARY KEY (class_table, number)
) STRICT;

-- Which table was in use since when; the last row is the current one.
CREATE TABLE class_use (
    number  INTEGER PRIMARY KEY,
    version TEXT NOT NULL,
    at      INTEGER NOT NULL,
    hash    BLOB NOT NULL
) STRICT;

-- For reading by hand.
CREATE VIEW transfer_text AS
SELECT b.sequence AS batch, m.name AS meter, m.role AS meter_role,
       datetime(t.bucket * 300, 'unixepoch') AS bucket,
       fh.kind AS from_kind, fh.name AS from_name, fp.identity AS from_identity,
       th.kind AS to_kind, th.name AS to_name, tp.identity AS to_identity,
       s.name AS service, t.bytes, t.packets, t.flows
FROM batch b
JOIN transfer t ON t.transfer_id >= b.first_transfer
               AND t.transfer_id < b.first_transfer + b.transfers
JOIN meter m ON m.meter_id = b.meter
JOIN party fp ON fp.party_id = t.from_party
JOIN holder fh ON fh.holder_id = fp.holder
JOIN party tp ON tp.party_id = t.to_party
JOIN holder th ON th.holder_id = tp.holder
JOIN service s ON s.service_id = t.service;
)sql";

// Adds the counted part of transfers that were scaled up from samples.
constexpr const char* version_2 = R"sql(
CREATE TABLE sampled (
    transfer         INTEGER PRIMARY KEY,    -- its transfer_id
    bytes            INTEGER NOT NULL,       -- counted
    packets          INTEGER NOT NULL,
    bytes_variance   INTEGER NOT NULL,       -- of the scaled bytes, in KiB²
    packets_variance INTEGER NOT NULL
) STRICT;

DROP VIEW transfer_text;
CREATE VIEW transfer_text AS
SELECT b.sequence AS batch, m.name AS meter, m.role AS meter_role,
       datetime(t.bucket * 300, 'unixepoch') AS bucket,
       fh.kind AS from_kind, fh.name AS from_name, fp.identity AS from_identity,
       th.kind AS to_kind, th.name AS to_name, tp.identity AS to_identity,
       s.name AS service, t.bytes, t.packets, t.flows,
       coalesce(x.bytes, t.bytes) AS counted_bytes,
       coalesce(x.packets, t.packets) AS counted_packets
FROM batch b
JOIN transfer t ON t.transfer_id >= b.first_transfer
               AND t.transfer_id < b.first_transfer + b.transfers
JOIN meter m ON m.meter_id = b.meter
JOIN party fp ON fp.party_id = t.from_party
JOIN holder fh ON fh.holder_id = fp.holder
JOIN party tp ON tp.party_id = t.to_party
JOIN holder th ON th.holder_id = tp.holder
JOIN service s ON s.service_id = t.service
LEFT JOIN sampled x ON x.transfer = t.transfer_id;
)sql";

// Adds NAT translations, and classes by AS number and next hop of flow records.
constexpr const char* version_3 = R"sql(
CREATE TABLE translation (
    translation_id INTEGER PRIMARY KEY,
    exporter       TEXT NOT NULL,            -- addresses as text; empty: not known
    outside        TEXT NOT NULL,
    protocol       INTEGER NOT NULL,         -- 0: any
    first_port     INTEGER NOT NULL,         -- 0 to 65535: all; 0 to 0: none
    last_port      INTEGER NOT NULL,
    port_step      INTEGER NOT NULL,
    remote         TEXT NOT NULL,            -- empty: any
    remote_port    INTEGER NOT NULL,
    inside         TEXT NOT NULL,
    inside_port    INTEGER NOT NULL,
    begin_at       INTEGER NOT NULL,         -- ns since 1970
    end_at         INTEGER NOT NULL,         -- 2^63-1: not known to have ended
    opened         INTEGER NOT NULL REFERENCES batch,
    closed         INTEGER REFERENCES batch  -- that reported the end; NULL: none did
) STRICT;
CREATE INDEX translation_by_end ON translation (outside, first_port, begin_at);
CREATE INDEX translation_blocks ON translation (outside, begin_at) WHERE last_port > first_port;
CREATE INDEX translation_opened ON translation (opened);
CREATE INDEX translation_closed ON translation (closed) WHERE closed IS NOT NULL;

CREATE TABLE class_as (
    class_table INTEGER NOT NULL REFERENCES class_table,
    first_as    INTEGER NOT NULL,
    last_as     INTEGER NOT NULL,
    class       INTEGER NOT NULL,            -- class_name.number
    PRIMARY KEY (class_table, first_as)
) STRICT, WITHOUT ROWID;

CREATE TABLE class_next_hop (
    class_table INTEGER NOT NULL REFERENCES class_table,
    number      INTEGER NOT NULL,            -- 0, 1, 2, … by address
    next_hop    TEXT NOT NULL,
    class       INTEGER NOT NULL,            -- class_name.number
    PRIMARY KEY (class_table, number)
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::array<MigrationStep, 3> steps_{version_1, version_2, version_3};

// 0: the database is empty.
Result<std::int64_t> version_of(const Database& db, std::int64_t newest) {
    // In one transaction, because another process may be creating the ledger at the same time.
    TRY_ASSIGN(auto transaction, Transaction::begin(db, Transaction::Kind::read));
    TRY_ASSIGN(const std::int64_t tables, db.number("SELECT count(*) FROM sqlite_schema"));
    TRY_ASSIGN(const std::int64_t id, db.number("PRAGMA application_id"));
    TRY_ASSIGN(const std::int64_t version, db.number("PRAGMA user_version"));
    if (id == 0 && version == 0 && tables == 0) return 0;
    if (id != application_id || version < 1)
        return fail(ErrorCode::corrupt,
                    fmt::format("{} is an SQLite database, but not a ledger", db.path()));
    if (version > newest)
        return fail(ErrorCode::unsupported,
                    fmt::format("ledger {}: a newer Octroi made it, with format {}; this one reads "
                                "formats up to {}; next: upgrade Octroi",
                                db.path(), version, newest));
    return version;
}

}  // namespace

std::span<const MigrationStep> migration_steps() { return steps_; }

Status migrate(const Database& db, std::span<const MigrationStep> steps, bool may_write) {
    const auto newest = static_cast<std::int64_t>(steps.size());
    TRY_ASSIGN(std::int64_t version, version_of(db, newest));
    if (version == newest) return {};
    if (!may_write)
        return fail(ErrorCode::unsupported,
                    fmt::format("ledger {}: it has the older format {}; next: `octroi run`, or any "
                                "other command that writes, converts it to format {}",
                                db.path(), version, newest));
    TRY_ASSIGN(auto transaction, Transaction::begin(db, Transaction::Kind::write));
    // Read again under the write lock: another process may have migrated it meanwhile.
    TRY_ASSIGN(version, version_of(db, newest));
    for (; version < newest; ++version) TRY(db.run(steps[static_cast<std::size_t>(version)]));
    TRY(db.run(fmt::format("PRAGMA application_id = {}", application_id).c_str()));
    TRY(db.run(fmt::format("PRAGMA user_version = {}", newest).c_str()));
    return transaction.commit();
}

}  // namespace octroi::sqlite
