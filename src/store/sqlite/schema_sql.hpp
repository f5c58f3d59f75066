// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The tables, views and indices of a ledger, as SQL. docs/format/ledger.md says what they hold.

namespace octroi::sqlite {

inline constexpr const char* account_table = R"sql(
CREATE TABLE account (
    name    TEXT NOT NULL,
    parent  TEXT NOT NULL,
    title   TEXT NOT NULL,
    added   INTEGER NOT NULL REFERENCES directory_change,
    removed INTEGER REFERENCES directory_change,
    email   TEXT NOT NULL,
    PRIMARY KEY (name, added)
) STRICT, WITHOUT ROWID;
)sql";

// Of format 4: the audit compares the text.
inline constexpr const char* account_table_without_email = R"sql(
CREATE TABLE account (
    name    TEXT NOT NULL,
    parent  TEXT NOT NULL,
    title   TEXT NOT NULL,
    added   INTEGER NOT NULL REFERENCES directory_change,
    removed INTEGER REFERENCES directory_change,
    PRIMARY KEY (name, added)
) STRICT, WITHOUT ROWID;
)sql";

inline constexpr const char* account_indices = R"sql(
CREATE INDEX account_added ON account (added);
CREATE INDEX account_removed ON account (removed);
)sql";

// Foreign keys are declared for readers of the schema but not enforced. Three look-ups for each
// transfer would halve the speed of a commit, only commit() writes references, and the audit
// resolves every one.
inline constexpr const char* tables = R"sql(
CREATE TABLE meter (
    meter_id INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    role     INTEGER NOT NULL,          -- 1 bill, 2 witness
    layer    INTEGER NOT NULL,          -- of its bytes: 2 frames, 3 IP, 7 application data
    UNIQUE (name, kind, role, layer)
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

-- Each writer has a chain of batches.
CREATE TABLE writer (
    writer_id INTEGER PRIMARY KEY,
    node      TEXT NOT NULL,
    id        BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE batch (
    number              INTEGER PRIMARY KEY, -- 1, 2, 3, … in the order of the commits
    writer              INTEGER NOT NULL REFERENCES writer,
    sequence            INTEGER NOT NULL,    -- 1, 2, 3, … in the chain of the writer
    id                  BLOB NOT NULL UNIQUE,
    kind                INTEGER NOT NULL,    -- 1 observation, 2 correction
    reason              TEXT NOT NULL,       -- of a correction; empty: an observation
    corrected_begin     INTEGER NOT NULL,    -- of a correction, ns since 1970; 0: an observation
    corrected_end       INTEGER NOT NULL,
    meter               INTEGER NOT NULL REFERENCES meter,
    booked_at           INTEGER NOT NULL,    -- ns since 1970
    class_version       INTEGER NOT NULL REFERENCES class_version,
    directory_version   INTEGER NOT NULL,
    observed_bytes      INTEGER NOT NULL,
    observed_packets    INTEGER NOT NULL,
    observed_flows      INTEGER NOT NULL,
    last_traffic        INTEGER,             -- of its transfers, ns since 1970; NULL without any
    first_transfer      INTEGER NOT NULL,    -- its transfers: this transfer_id and the ones behind
    first_bucket        INTEGER,             -- of its transfers; NULL without any
    last_bucket         INTEGER,
    transfers           INTEGER NOT NULL,    -- number of rows, and their digest
    transfers_digest    BLOB NOT NULL,
    sampled             INTEGER NOT NULL,
    sampled_digest      BLOB NOT NULL,
    cursors             INTEGER NOT NULL,
    cursors_digest      BLOB NOT NULL,
    losses              INTEGER NOT NULL,
    losses_digest       BLOB NOT NULL,
    translations        INTEGER NOT NULL,
    translations_digest BLOB NOT NULL,
    previous_hash       BLOB NOT NULL,       -- of the batch before in the chain of the writer
    hash                BLOB NOT NULL,
    UNIQUE (writer, sequence)
) STRICT;
CREATE INDEX batch_by_time ON batch (last_bucket, first_bucket, first_transfer, transfers, meter);

-- The heads of all chains at a moment.
CREATE TABLE anchor (
    anchor_id     INTEGER PRIMARY KEY,       -- 1, 2, 3, …
    at            INTEGER NOT NULL,          -- ns since 1970
    reason        INTEGER NOT NULL,          -- 1 daily, 2 on demand, 3 statement
    previous_hash BLOB NOT NULL,
    hash          BLOB NOT NULL
) STRICT;

CREATE TABLE anchor_head (
    anchor   INTEGER NOT NULL REFERENCES anchor,
    chain    INTEGER NOT NULL,               -- 1 a writer, 2 the directory, 3 the classes
    writer   INTEGER NOT NULL,               -- its writer_id; 0: not a writer
    sequence INTEGER NOT NULL,
    hash     BLOB NOT NULL,
    PRIMARY KEY (anchor, chain, writer)
) STRICT, WITHOUT ROWID;

CREATE TABLE transfer (
    transfer_id INTEGER PRIMARY KEY,
    bucket      INTEGER NOT NULL,            -- its start in units of 300 s since 1970
    from_party  INTEGER NOT NULL REFERENCES party,
    to_party    INTEGER NOT NULL REFERENCES party,
    service     INTEGER NOT NULL REFERENCES service,
    bytes       INTEGER NOT NULL,            -- negative: a correction removes it
    packets     INTEGER NOT NULL,
    flows       INTEGER NOT NULL
) STRICT;

-- The counted part of transfers that were scaled up from samples.
CREATE TABLE sampled (
    transfer         INTEGER PRIMARY KEY,    -- its transfer_id
    bytes            INTEGER NOT NULL,       -- counted
    packets          INTEGER NOT NULL,
    bytes_variance   INTEGER NOT NULL,       -- of the scaled bytes, in KiB²
    packets_variance INTEGER NOT NULL
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
CREATE TABLE binding (
    binding_id  INTEGER NOT NULL,
    kind        INTEGER NOT NULL,            -- 1 prefix, 2 mac, 3 vlan, 4 interface, …
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

-- Without a key: its rows have no order and no number. Rows of compacted batches that are over are
-- deleted.
CREATE TABLE translation (
    exporter    TEXT NOT NULL,               -- addresses as text; empty: not known
    outside     TEXT NOT NULL,
    protocol    INTEGER NOT NULL,            -- 0: any
    first_port  INTEGER NOT NULL,            -- 0 to 65535: all; 0 to 0: none
    last_port   INTEGER NOT NULL,
    port_step   INTEGER NOT NULL,
    remote      TEXT NOT NULL,               -- empty: any
    remote_port INTEGER NOT NULL,
    inside      TEXT NOT NULL,
    inside_port INTEGER NOT NULL,
    begin_at    INTEGER NOT NULL,            -- ns since 1970
    end_at      INTEGER NOT NULL,            -- 2^63-1: not known to have ended
    opened      INTEGER NOT NULL REFERENCES batch,
    closed      INTEGER REFERENCES batch     -- that reported the end; NULL: none did
) STRICT;

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

-- Transfers, sampled counts and cursors of the batches first_batch to last_batch are replaced by
-- sums by hour (level 1) or day (level 2) in old_transfer, and current cursors in
-- compaction_cursor. A later record that contains the batches of an earlier one replaces it.
CREATE TABLE compaction (
    number              INTEGER PRIMARY KEY,  -- 1, 2, 3, …
    at                  INTEGER NOT NULL,     -- ns since 1970
    level               INTEGER NOT NULL,     -- 1 hours, 2 days
    first_batch         INTEGER NOT NULL REFERENCES batch,
    last_batch          INTEGER NOT NULL REFERENCES batch,
    traffic_begin       INTEGER NOT NULL,     -- of the transfers, ns since 1970; 0 and 0: none
    traffic_end         INTEGER NOT NULL,
    removed             INTEGER NOT NULL,     -- rows that were replaced
    batches_digest      BLOB NOT NULL,        -- of the hashes of the batches
    days                INTEGER NOT NULL,     -- that its rows are in: their number and digest
    days_digest         BLOB NOT NULL,
    cursors             INTEGER NOT NULL,     -- in compaction_cursor
    cursors_digest      BLOB NOT NULL,
    translations        INTEGER NOT NULL,     -- of all compacted batches: those that stay
    translations_digest BLOB NOT NULL,
    previous_hash       BLOB NOT NULL,
    hash                BLOB NOT NULL
) STRICT;

-- What the rows of a compaction sum to, by meter.
CREATE TABLE compaction_meter (
    compaction       INTEGER NOT NULL REFERENCES compaction,
    meter            INTEGER NOT NULL REFERENCES meter,
    bytes            INTEGER NOT NULL,
    packets          INTEGER NOT NULL,
    flows            INTEGER NOT NULL,
    transfers        INTEGER NOT NULL,   -- number of rows in old_transfer, and their digest
    transfers_digest BLOB NOT NULL,
    sampled          INTEGER NOT NULL,   -- those that were scaled up from samples
    sampled_digest   BLOB NOT NULL,
    PRIMARY KEY (compaction, meter)
) STRICT, WITHOUT ROWID;

-- The cursors of its batches that were current when the compaction was made.
CREATE TABLE compaction_cursor (
    compaction INTEGER NOT NULL,         -- without a row in compaction: unfinished, to be removed
    meter      TEXT NOT NULL,
    source     TEXT NOT NULL,
    position   BLOB NOT NULL,
    version    INTEGER NOT NULL,
    note       TEXT NOT NULL,
    PRIMARY KEY (compaction, meter, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE old_transfer (
    compaction       INTEGER NOT NULL,   -- without a row in compaction: unfinished, to be removed
    begin            INTEGER NOT NULL,   -- of the hour or day, units of 300 s since 1970
    meter            INTEGER NOT NULL REFERENCES meter,
    from_party       INTEGER NOT NULL REFERENCES party,
    to_party         INTEGER NOT NULL REFERENCES party,
    service          INTEGER NOT NULL REFERENCES service,
    bytes            INTEGER NOT NULL,   -- negative: later corrections moved more than earlier rows
    packets          INTEGER NOT NULL,
    flows            INTEGER NOT NULL,
    scaled_bytes     INTEGER NOT NULL,   -- the part of bytes that was concluded from samples
    scaled_packets   INTEGER NOT NULL,
    bytes_variance   INTEGER NOT NULL,
    packets_variance INTEGER NOT NULL,
    PRIMARY KEY (compaction, begin, meter, from_party, to_party, service)
) STRICT, WITHOUT ROWID;

-- Derived from transfer, for fast questions: sums by day. The days that compactions use can not be
-- derived any more: their records have digests of them. The sums contain the batches 1 to
-- day_state.batches, and the first day_state.rows rows of the next one; -1: nothing, they are being
-- emptied.
CREATE TABLE day (
    begin INTEGER PRIMARY KEY,           -- units of 300 s since 1970, as transfer.bucket
    end   INTEGER NOT NULL               -- not included; days do not overlap
) STRICT;

CREATE TABLE day_state (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    batches INTEGER NOT NULL,
    rows    INTEGER NOT NULL
) STRICT;
INSERT INTO day_state VALUES (1, 0, 0);

-- What `near` sent to (outgoing 1) or received from (0) `far` on a day. A transfer is in one row
-- for each end that is an account or unattributed; if neither is, in one row with near: from.
CREATE TABLE day_sum (
    day              INTEGER NOT NULL REFERENCES day,
    near             INTEGER NOT NULL REFERENCES holder,
    outgoing         INTEGER NOT NULL,
    far              INTEGER NOT NULL REFERENCES holder,
    service          INTEGER NOT NULL REFERENCES service,
    meter            INTEGER NOT NULL REFERENCES meter,
    bytes            INTEGER NOT NULL,
    packets          INTEGER NOT NULL,
    flows            INTEGER NOT NULL,
    scaled_bytes     INTEGER NOT NULL,   -- the part of bytes that was concluded from samples
    scaled_packets   INTEGER NOT NULL,
    bytes_variance   INTEGER NOT NULL,
    packets_variance INTEGER NOT NULL,
    PRIMARY KEY (day, near, outgoing, far, service, meter)
) STRICT, WITHOUT ROWID;

-- Derived from day_sum: what `near` sent to (ends 1) or received from (2) other ends of a kind on a
-- day. ends 3: traffic that has one row only: of `near` with itself, excluded (`near` is the
-- excluded end), between two outside ends (`near`: from).
CREATE TABLE day_end (
    day              INTEGER NOT NULL REFERENCES day,
    near             INTEGER NOT NULL REFERENCES holder,
    ends             INTEGER NOT NULL,
    far_kind         INTEGER NOT NULL,   -- as holder.kind; ends 3: that of near
    meter            INTEGER NOT NULL REFERENCES meter,
    bytes            INTEGER NOT NULL,
    packets          INTEGER NOT NULL,
    flows            INTEGER NOT NULL,
    scaled_bytes     INTEGER NOT NULL,
    scaled_packets   INTEGER NOT NULL,
    bytes_variance   INTEGER NOT NULL,
    packets_variance INTEGER NOT NULL,
    PRIMARY KEY (day, near, ends, far_kind, meter)
) STRICT, WITHOUT ROWID;

-- For reading by hand: transfers, and the sums by hour and day that are left of old ones.
CREATE VIEW transfer_text AS
WITH v AS (
    SELECT b.meter, t.bucket, 'bucket' AS span, t.from_party, t.to_party, t.service,
           t.bytes, t.packets, t.flows, coalesce(x.bytes, t.bytes) AS counted_bytes,
           coalesce(x.packets, t.packets) AS counted_packets, b.number AS batch
    FROM batch b
    JOIN transfer t ON t.transfer_id >= b.first_transfer
                   AND t.transfer_id < b.first_transfer + b.transfers
    LEFT JOIN sampled x ON x.transfer = t.transfer_id
    WHERE NOT EXISTS (SELECT 1 FROM compaction c
                      WHERE b.number BETWEEN c.first_batch AND c.last_batch)
    UNION ALL
    SELECT o.meter, o.begin, iif(c.level = 1, 'hour', 'day'), o.from_party, o.to_party,
           o.service, o.bytes, o.packets, o.flows, o.bytes - o.scaled_bytes,
           o.packets - o.scaled_packets, NULL
    FROM old_transfer o
    JOIN compaction c ON c.number = o.compaction
    WHERE NOT EXISTS (SELECT 1 FROM compaction n
                      WHERE n.number > c.number AND n.first_batch <= c.first_batch
                        AND n.last_batch >= c.last_batch)
)
SELECT v.batch, m.name AS meter, m.role AS meter_role, m.layer AS layer,
       datetime(v.bucket * 300, 'unixepoch') AS bucket, v.span,
       fh.kind AS from_kind, fh.name AS from_name, fp.identity AS from_identity,
       th.kind AS to_kind, th.name AS to_name, tp.identity AS to_identity,
       s.name AS service, v.bytes, v.packets, v.flows, v.counted_bytes, v.counted_packets
FROM v
JOIN meter m ON m.meter_id = v.meter
JOIN party fp ON fp.party_id = v.from_party
JOIN holder fh ON fh.holder_id = fp.holder
JOIN party tp ON tp.party_id = v.to_party
JOIN holder th ON th.holder_id = tp.holder
JOIN service s ON s.service_id = v.service;
)sql";

// A look-up of one mapping, or of the open row of one, reads no rows of others, however many have
// the same outside end or the same begin: a sender chooses these.
inline constexpr const char* translation_indices = R"sql(
CREATE INDEX IF NOT EXISTS translation_by_key ON translation
    (outside, first_port, remote, remote_port, last_port, port_step, protocol, exporter, begin_at);
CREATE INDEX IF NOT EXISTS translation_open ON translation
    (outside, first_port, begin_at, remote, inside, remote_port, inside_port, last_port, port_step,
     protocol, exporter) WHERE closed IS NULL;
CREATE INDEX IF NOT EXISTS translation_blocks ON translation (outside, begin_at)
    WHERE last_port > first_port;
CREATE INDEX IF NOT EXISTS translation_opened ON translation (opened);
CREATE INDEX IF NOT EXISTS translation_closed ON translation (closed) WHERE closed IS NOT NULL;
)sql";

// Names the ledger in files that belong to it. Random.
inline constexpr const char* identity_table = R"sql(
CREATE TABLE IF NOT EXISTS identity (
    id BLOB NOT NULL                         -- 16 octets
) STRICT;
INSERT INTO identity SELECT randomblob(16) WHERE NOT EXISTS (SELECT 1 FROM identity);
)sql";

// Not in the tables above: a ledger of format 4 may lack them.
inline constexpr const char* identity_tables = R"sql(
-- Who held an address, a prefix or a MAC address from when on. Rows are never changed or removed.
CREATE TABLE IF NOT EXISTS identity_event (
    number      INTEGER PRIMARY KEY,         -- 1, 2, 3, … in the order of the commits
    batch       INTEGER NOT NULL REFERENCES batch,
    at          INTEGER NOT NULL,            -- ns since 1970
    held_kind   INTEGER NOT NULL,            -- 1 prefix, 2 mac
    held        TEXT NOT NULL,
    holder_kind INTEGER NOT NULL,            -- as binding.kind
    holder      TEXT NOT NULL,               -- empty: nobody, and holder_kind is 1
    until_at    INTEGER NOT NULL             -- ns since 1970; 2^63-1: not known
) STRICT;
CREATE INDEX IF NOT EXISTS identity_event_by_held ON identity_event (held, held_kind, at);
CREATE INDEX IF NOT EXISTS identity_event_by_batch ON identity_event (batch);

-- The part about identities of the headers of batches that have one.
CREATE TABLE IF NOT EXISTS batch_identities (
    batch         INTEGER PRIMARY KEY REFERENCES batch,
    known         INTEGER NOT NULL,          -- identity_event.number; 0: none
    events        INTEGER NOT NULL,          -- number of rows in identity_event, and their digest
    events_digest BLOB NOT NULL
) STRICT;

-- Derived: up to which event and batch late events have been taken into account.
CREATE TABLE IF NOT EXISTS identity_progress (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    events  INTEGER NOT NULL,
    batches INTEGER NOT NULL
) STRICT;
)sql";

}  // namespace octroi::sqlite
