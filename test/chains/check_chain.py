#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verifies the hash chains of a ledger in SQLite, from docs/format alone (chain.md, ledger.md).

    check_chain.py LEDGER [CHAIN …]

CHAIN: the id of a writer in hexadecimal, "directory", "classes", "compactions" or "anchors"; none:
all chains.
Prints the head of each chain as `octroi audit --heads` does: NODE ID SEQUENCE HASH.
Of batches that were compacted it checks what is left: headers, losses, and the sums by hour or day, days,
cursors and translations against the records and what the headers observed. The sums by day that are derived
(day_sum) are not checked.
Exit status: 0 all is sound; 1 something differs; 2 wrong usage, or the ledger cannot be read.

It shares no code with Octroi, so that an error of one is not an error of the other. It needs only
the standard library.
"""

import bisect
import hashlib
import ipaddress
import pathlib
import sqlite3
import struct
import sys

ZERO = bytes(32)
NEVER = 2**63 - 1
BUCKET_NS = 300 * 10**9


class Damage(Exception):
    """A value that cannot be encoded, or a row that is missing."""


def blake(octets):
    return hashlib.blake2b(octets, digest_size=32).digest()


def number(code, value):
    try:
        return struct.pack(">" + code, value)
    except struct.error as error:
        raise Damage(f"the number {value!r} does not fit: {error}") from error


def u8(value):
    return number("B", value)


def u32(value):
    return number("I", value)


def u64(value):
    return number("Q", value)


def i64(value):
    return number("q", value)


def octets_of(value):
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    raise Damage(f"{value!r} is not a text")


def text(value):
    octets = octets_of(value)
    return u32(len(octets)) + octets


def optional(value):
    return u8(0) + u64(0) if value is None else u8(1) + u64(value)


def bucket_start(value):
    return u8(0) + u64(0) if value is None else u8(1) + i64(value * BUCKET_NS)


def items(encoded):
    return u32(len(encoded)) + b"".join(encoded)


def address_key(value):
    """Addresses are sorted by 16 octets, then by family: none, IPv4, IPv6."""
    if value in ("", b""):
        return bytes(16), 0
    try:
        address = ipaddress.ip_address(octets_of(value).decode())
    except ValueError as error:
        raise Damage(str(error)) from error
    return address.packed.ljust(16, b"\0"), address.version


class Ledger:
    def __init__(self, path):
        # Texts that are not UTF-8 come as octets.
        self.db = sqlite3.connect(pathlib.Path(path).resolve().as_uri() + "?mode=ro", uri=True)
        self.db.text_factory = lambda octets: octets.decode("utf-8", "surrogateescape")
        self.findings = 0
        self.heads = {}  # (chain, writer_id): {sequence: hash}
        self.compacted = []  # (number, first batch, last batch) of all records

    def rows(self, sql, *parameters):
        return [tuple(v.encode("utf-8", "surrogateescape") if isinstance(v, str) else v for v in row)
                for row in self.db.execute(sql, parameters)]

    def find(self, where, what):
        self.findings += 1
        print(f"{where}: {what}", file=sys.stderr)

    # The lists of a batch.

    def transfers(self, first, count):
        return self.encode_transfers(self.rows(
            "SELECT transfer_id, bucket, from_party, to_party, service, bytes, packets, flows "
            "FROM transfer WHERE transfer_id >= ? AND transfer_id < ? ORDER BY transfer_id", first, first + count))

    # The number of rows, the octets of the list, and the place of each row in it by its number.
    def encode_transfers(self, rows):
        parties = {}
        services = {}
        for _, _, sender, receiver, service, *_ in rows:
            for party in (sender, receiver):
                if party not in parties:
                    found = self.rows("SELECT h.kind, h.name, p.identity FROM party p JOIN holder h "
                                      "ON h.holder_id = p.holder WHERE p.party_id = ?", party)
                    if not found:
                        raise Damage(f"party {party} is missing")
                    parties[party] = found[0]
            if service not in services:
                found = self.rows("SELECT name FROM service WHERE service_id = ?", service)
                if not found:
                    raise Damage(f"service {service} is missing")
                services[service] = found[0]
        party_list = sorted(set(parties.values()))
        service_list = sorted(set(services.values()))
        party_place = {party: i for i, party in enumerate(party_list)}
        service_place = {service: i for i, service in enumerate(service_list)}
        canonical = []
        for transfer_id, bucket, sender, receiver, service, octets, packets, flows in rows:
            removed = octets < 0 or packets < 0 or flows < 0
            canonical.append((bucket, party_place[parties[sender]], party_place[parties[receiver]],
                              service_place[services[service]], not removed, transfer_id, octets, packets, flows))
        canonical.sort()
        place = {row[5]: i for i, row in enumerate(canonical)}
        encoded = (items([u8(kind) + text(name) + text(identity) for kind, name, identity in party_list]) +
                   items([text(name) for (name,) in service_list]) +
                   items([i64(bucket * BUCKET_NS) + u32(sender) + u32(receiver) + u32(service) +
                          i64(octets) + i64(packets) + i64(flows)
                          for bucket, sender, receiver, service, _, _, octets, packets, flows in canonical]))
        return len(rows), b"octroi transfers 4\n" + encoded, place

    def sampled(self, first, count, place):
        rows = self.rows("SELECT transfer, bytes, packets, bytes_variance, packets_variance FROM sampled "
                         "WHERE transfer >= ? AND transfer < ?", first, first + count)
        if any(row[0] not in place for row in rows):
            raise Damage("a sampled row belongs to no transfer")
        return self.encode_sampled((place[row[0]],) + row[1:] for row in rows)

    @staticmethod
    def encode_sampled(rows):
        rows = sorted(rows)
        return len(rows), b"octroi sampled 4\n" + items(
            [u32(row[0]) + b"".join(i64(v) for v in row[1:]) for row in rows])

    def cursors(self, batch):
        rows = sorted(self.rows("SELECT source, position, version, note FROM batch_cursor WHERE batch = ?", batch))
        return len(rows), b"octroi cursors 4\n" + items(
            [text(source) + text(position) + u64(version) + text(note) for source, position, version, note in rows])

    def losses(self, batch):
        rows = self.rows("SELECT source, reason, begin_at, end_at, packets, bytes_bound FROM loss WHERE batch = ?",
                         batch)
        rows.sort(key=lambda row: row[:4] + tuple((v is not None, v or 0) for v in row[4:]))
        return len(rows), b"octroi losses 4\n" + items(
            [text(row[0]) + u8(row[1]) + i64(row[2]) + i64(row[3]) + optional(row[4]) + optional(row[5])
             for row in rows])

    def translations(self, batch):
        return self.encode_translations(self.rows(
            "SELECT exporter, outside, protocol, first_port, last_port, port_step, remote, remote_port, "
            "inside, inside_port, begin_at, CASE WHEN closed = ?1 THEN end_at ELSE ?2 END "
            "FROM translation WHERE opened = ?1 OR closed = ?1", batch, NEVER))

    @staticmethod
    def encode_translations(rows):
        rows.sort(key=lambda r: (address_key(r[0]), address_key(r[1]), r[2:6], address_key(r[6]), r[7],
                                 address_key(r[8]), r[9:]))
        return len(rows), b"octroi translations 4\n" + items(
            [text(r[0]) + text(r[1]) + u8(r[2]) + u32(r[3]) + u32(r[4]) + u32(r[5]) + text(r[6]) + u32(r[7]) +
             text(r[8]) + u32(r[9]) + i64(r[10]) + i64(r[11]) for r in rows])

    # A ledger of an earlier version may lack the tables.
    def has_identities(self):
        return bool(self.rows("SELECT name FROM sqlite_schema WHERE name = 'batch_identities'"))

    # What the header has of them; None: it has no such part.
    def identity_part(self, batch):
        found = self.rows("SELECT known, events, events_digest FROM batch_identities WHERE batch = ?",
                          batch) if self.has_identities() else []
        return (found[0][0], found[0][1:]) if found else (0, None)

    def identities(self, batch):
        rows = self.rows("SELECT at, held_kind, held, holder_kind, holder, until_at FROM identity_event "
                         "WHERE batch = ? ORDER BY number", batch) if self.has_identities() else []
        return len(rows), b"octroi identities 5\n" + items(
            [i64(row[0]) + u8(row[1]) + text(row[2]) + u8(row[3]) + text(row[4]) + i64(row[5]) for row in rows])

    # The chains.

    def check_batch(self, row, writer, previous):
        (batch, sequence, batch_id, kind, reason, begin, end, meter, booked_at, class_version, directory_version,
         observed_bytes, observed_packets, observed_flows, last_traffic, first, first_bucket, last_bucket, *lists,
         stored_previous, stored_hash) = row
        where = f"batch {sequence} of {writer[0].decode(errors='replace')} {writer[1].hex()}"
        names = ("transfers", "sampled", "cursors", "losses", "translations")
        known, identities = self.identity_part(batch)
        stored = dict(zip(names, zip(lists[0::2], lists[1::2])))
        found = {"losses": self.losses(batch)}
        # Of a compacted batch, other rows that are still there do not count.
        if not any(begin <= batch <= end for _, begin, end in self.compacted):
            found["cursors"] = self.cursors(batch)
            found["translations"] = self.translations(batch)
            transfer_rows, transfer_octets, place = self.transfers(first, stored["transfers"][0])
            found["transfers"] = (transfer_rows, transfer_octets)
            found["sampled"] = self.sampled(first, stored["transfers"][0], place)
            self.check_transfers(where, kind, (observed_bytes, observed_packets, observed_flows),
                                 (first, first + stored["transfers"][0]), (first_bucket, last_bucket))
        for name, (count, octets) in found.items():
            if (count, blake(octets)) != stored[name]:
                self.find(where, f"the {name} do not have the number or digest of the header")
        meters = self.rows("SELECT name, kind, role, layer FROM meter WHERE meter_id = ?", meter)
        versions = self.rows("SELECT version FROM class_version WHERE class_version_id = ?", class_version)
        if not meters or not versions:
            raise Damage("the meter or the class version is missing")
        meter_name, meter_kind, role, layer = meters[0]
        tag = b"octroi batch 4\n" if identities is None else b"octroi batch 5\n"
        header = (previous + tag + text(writer[0]) + writer[1] + u64(sequence) + batch_id +
                  u8(kind) + text(reason) + i64(begin) + i64(end) + text(meter_name) + text(meter_kind) + u8(role) +
                  u8(layer) + i64(booked_at) + text(versions[0][0]) + u64(directory_version) +
                  u64(observed_bytes) + u64(observed_packets) + u64(observed_flows) +
                  (u8(0) + u64(0) if last_traffic is None else u8(1) + i64(last_traffic)) +
                  b"".join(u64(count) + digest for count, digest in stored.values()))
        if identities is not None:
            header += u64(known) + u64(identities[0]) + identities[1]
        count, octets = self.identities(batch)
        if (count, blake(octets)) != (identities or (0, blake(octets))):
            self.find(where, "the identities do not have the number or digest of the header")
        if stored_previous != previous:
            self.find(where, "the previous hash is not that of the batch before")
        if blake(header) != stored_hash:
            self.find(where, "the hash does not match")

    def check_transfers(self, where, kind, observed, transfers, buckets):
        *sums, first, last = self.rows(
            "SELECT coalesce(sum(bytes), 0), coalesce(sum(packets), 0), coalesce(sum(flows), 0), min(bucket), "
            "max(bucket) FROM transfer WHERE transfer_id >= ? AND transfer_id < ?", *transfers)[0]
        if tuple(sums) != (observed if kind == 1 else (0, 0, 0)):
            self.find(where, "the transfers do not add up to what was observed")
        if (first, last) != buckets:
            self.find(where, "first_bucket or last_bucket is not the one of the transfers")

    def check_writer(self, writer_id, writer):
        previous = ZERO
        expected = 1
        links = {}
        for row in self.rows("SELECT number, sequence, id, kind, reason, corrected_begin, corrected_end, meter, "
                             "booked_at, class_version, directory_version, observed_bytes, observed_packets, "
                             "observed_flows, last_traffic, first_transfer, first_bucket, last_bucket, transfers, transfers_digest, "
                             "sampled, sampled_digest, "
                             "cursors, cursors_digest, losses, losses_digest, translations, translations_digest, "
                             "previous_hash, hash FROM batch WHERE writer = ? ORDER BY sequence", writer_id):
            where = f"batch {row[1]} of {writer[0].decode(errors='replace')} {writer[1].hex()}"
            if row[1] != expected:
                self.find(where, f"batch {expected} is missing")
            try:
                self.check_batch(row, writer, previous)
            except Damage as damage:
                self.find(where, str(damage))
            previous = row[-1]
            expected = row[1] + 1
            links[row[1]] = row[-1]
        self.heads[(1, writer_id)] = links

    def check_writers(self, wanted):
        for writer_id, node, identity in self.rows("SELECT writer_id, node, id FROM writer ORDER BY node, id"):
            if wanted is None or identity.hex() in wanted:
                self.check_writer(writer_id, (node, identity))
                self.print_head(node.decode(errors="replace"), identity.hex(), self.heads[(1, writer_id)])
        orphans = self.rows("SELECT count(*) FROM batch WHERE writer NOT IN (SELECT writer_id FROM writer)")[0][0]
        if orphans:
            self.find("ledger", f"{orphans} batches belong to no writer")

    # The current cursor of each source is the last one that a batch or a compaction has.
    def check_current_cursors(self):
        kept = [(last, row) for number, first, last in self.compacted if not self.is_replaced(number, first, last)
                for row in self.rows("SELECT meter, source, position, version, note FROM compaction_cursor "
                                     "WHERE compaction = ?", number)]
        stored = [(batch, row) for batch, *row in self.rows(
            "SELECT c.batch, m.name, c.source, c.position, c.version, c.note FROM batch_cursor c "
            "JOIN batch b ON b.number = c.batch JOIN meter m ON m.meter_id = b.meter")
                  if not any(first <= batch <= last for _, first, last in self.compacted)]
        last = {tuple(row[:2]): tuple(row[2:]) for _, row in sorted(kept + stored, key=lambda found: found[0])}
        current = {row[:2]: row[2:] for row in self.rows("SELECT meter, source, position, version, note FROM cursor")}
        for meter, source in sorted(key for key in last.keys() | current.keys() if last.get(key) != current.get(key)):
            self.find("cursor", f"that of {source.decode(errors='replace')} of {meter.decode(errors='replace')} is not "
                      "the one of its last batch")

    def changed(self, table, key, columns, version):
        new = self.rows(f"SELECT {columns} FROM {table} WHERE added = ? ORDER BY {key}", version)
        gone = self.rows(f"SELECT DISTINCT {key} FROM {table} WHERE removed = ?1 AND {key} NOT IN "
                         f"(SELECT {key} FROM {table} WHERE added = ?1) ORDER BY {key}", version)
        return new, [row[0] for row in gone]

    def check_directory(self):
        previous = ZERO
        links = {}
        for version, at, stored in self.rows("SELECT version, at, hash FROM directory_change ORDER BY version"):
            if version != len(links) + 1:
                self.find(f"directory {version}", "a version before it is missing")
            try:
                accounts, accounts_gone = self.changed("account", "name", "name, parent, title", version)
                bindings, bindings_gone = self.changed(
                    "binding", "binding_id", "binding_id, kind, value, account, begin_at, end_at, per_address", version)
                networks, networks_gone = self.changed("network", "prefix", "prefix, per_address", version)
                link = (previous + b"octroi directory 1\n" + u64(version) + i64(at) +
                        items([b"".join(text(v) for v in row) for row in accounts]) +
                        items([text(name) for name in accounts_gone]) +
                        items([u64(b[0]) + u8(b[1]) + text(b[2]) + text(b[3]) + i64(b[4]) + i64(b[5]) + u8(b[6])
                               for b in bindings]) +
                        items([u64(key) for key in bindings_gone]) +
                        items([text(prefix) + u8(flag) for prefix, flag in networks]) +
                        items([text(prefix) for prefix in networks_gone]))
                if blake(link) != stored:
                    self.find(f"directory {version}", "the hash does not match")
            except Damage as damage:
                self.find(f"directory {version}", str(damage))
            previous = stored
            links[version] = stored
        self.heads[(2, 0)] = links
        self.print_head("directory", "-", links)

    def check_classes(self):
        previous = ZERO
        links = {}
        uses = self.rows("SELECT u.number, u.version, t.checksum, u.at, u.hash FROM class_use u LEFT JOIN class_table t "
                         "ON t.version = u.version ORDER BY u.number")
        for place, version, checksum, at, stored in uses:
            if place != len(links) + 1:
                self.find(f"classes {place}", "a change before it is missing")
            if blake(previous + b"octroi class 1\n" + text(version) + text(checksum or b"") + i64(at)) != stored:
                self.find(f"classes {place}", "the hash does not match")
            previous = stored
            links[place] = stored
        self.heads[(3, 0)] = links
        self.print_head("classes", "-", links)

    # The compactions.

    def read_compacted(self):
        self.compacted = self.rows("SELECT number, first_batch, last_batch FROM compaction")

    def is_replaced(self, number, first, last):
        return any(n > number and f <= first and last <= l for n, f, l in self.compacted)

    # Of the rows of a compaction: {meter: (bytes, packets, flows, transfers, digest, sampled, digest)}.
    def sums_of(self, compaction):
        meters = {}
        for row in self.rows("SELECT meter, begin, from_party, to_party, service, bytes, packets, flows, scaled_bytes, "
                             "scaled_packets, bytes_variance, packets_variance FROM old_transfer WHERE compaction = ?",
                             compaction):
            meters.setdefault(row[0], []).append(row[1:])
        found = {}
        for meter, rows in meters.items():
            count, octets, place = self.encode_transfers([(i,) + row[:7] for i, row in enumerate(rows)])
            sampled, sampled_octets = self.encode_sampled(
                (place[i], row[4] - row[7], row[5] - row[8], row[9], row[10])
                for i, row in enumerate(rows) if any(row[7:]))
            found[meter] = (*(sum(row[i] for row in rows) for i in (4, 5, 6)),
                            count, blake(octets), sampled, blake(sampled_octets))
        return found

    # What the observations among the batches observed: {meter: (bytes, packets, flows)}.
    def observed(self, first, last):
        found = {}
        for meter, *figures in self.rows("SELECT meter, observed_bytes, observed_packets, observed_flows FROM batch "
                                         "WHERE number BETWEEN ? AND ? AND kind = 1", first, last):
            found[meter] = tuple(map(sum, zip(found.get(meter, (0, 0, 0)), figures)))
        return {meter: figures for meter, figures in found.items() if any(figures)}

    def check_record(self, row, previous, replaced_by, replaces):
        (compaction, at, level, first, last, begin, end, removed, batches_digest, *lists, stored_previous,
         stored_hash) = row
        where = f"compaction {compaction}"
        meters = self.rows("SELECT m.name, m.kind, m.role, m.layer, c.* FROM compaction_meter c LEFT JOIN meter m "
                           "ON m.meter_id = c.meter WHERE c.compaction = ? ORDER BY 1, 2, 3, 4", compaction)
        if any(meter[0] is None for meter in meters):
            raise Damage("a meter is missing")
        link = (previous + b"octroi compaction 1\n" + u64(compaction) + i64(at) + u8(level) + u64(first) + u64(last) +
                i64(begin) + i64(end) + u64(removed) + batches_digest +
                b"".join(u64(count) + digest for count, digest in zip(lists[0::2], lists[1::2])) +
                items([text(m[0]) + text(m[1]) + u8(m[2]) + u8(m[3]) + i64(m[6]) + i64(m[7]) + i64(m[8]) +
                       u64(m[9]) + m[10] + u64(m[11]) + m[12] for m in meters]))
        if stored_previous != previous:
            self.find(where, "the previous hash is not that of the compaction before")
        if blake(link) != stored_hash:
            self.find(where, "the hash does not match")
        batches = self.rows("SELECT hash, first_bucket, last_bucket, transfers FROM batch WHERE number BETWEEN ? AND ? "
                            "ORDER BY number", first, last)
        if not 1 <= first <= last or len(batches) != last - first + 1:
            self.find(where, "batches of it are missing")
        if blake(b"".join(b[0] + bucket_start(b[1]) + bucket_start(b[2]) for b in batches)) != batches_digest:
            self.find(where, "its batches are not those of the record")
        ends = [b[1:3] for b in batches if b[1] is not None]
        traffic = (min(b[0] for b in ends) * BUCKET_NS, (max(b[1] for b in ends) + 1) * BUCKET_NS) if ends else (0, 0)
        if (begin, end) != traffic:
            self.find(where, "its traffic is not that of the batches")
        if removed != (sum(b[3] for b in batches) if level == 1 else replaces):
            self.find(where, "the number of rows that it replaced is wrong")
        stored = {m[5]: m[6:] for m in meters}
        observed = self.observed(first, last)
        for meter in stored.keys() | observed.keys():
            if stored.get(meter, (0, 0, 0))[:3] != observed.get(meter, (0, 0, 0)):
                self.find(where, f"the sums of meter {meter} are not what the batches observed")
        # Rows that a later record has replaced are gone, or will be.
        if not replaced_by and self.sums_of(compaction) != stored:
            self.find(where, "the sums by hour or day are not those of the record")
        if not replaced_by:
            found = [("days", 0, self.days_of(compaction)), ("cursors", 2, self.kept_cursors(compaction))]
            if compaction == max(number for number, _, _ in self.compacted):
                found.append(("translations", 4, self.kept_translations(at)))
            for name, place, (count, octets) in found:
                if [count, blake(octets)] != lists[place:place + 2]:
                    self.find(where, f"the {name} are not those of the record")

    def days_of(self, compaction):
        rows = self.rows("SELECT begin, end FROM day WHERE EXISTS (SELECT 1 FROM old_transfer o WHERE o.compaction = ? "
                         "AND o.begin >= day.begin AND o.begin < day.end) ORDER BY begin", compaction)
        return len(rows), b"octroi days 1\n" + items([i64(begin * BUCKET_NS) + i64(end * BUCKET_NS)
                                                      for begin, end in rows])

    def kept_cursors(self, compaction):
        rows = sorted(self.rows("SELECT meter, source, position, version, note FROM compaction_cursor "
                                "WHERE compaction = ?", compaction))
        return len(rows), b"octroi kept cursors 1\n" + items(
            [text(meter) + text(source) + text(position) + u64(version) + text(note)
             for meter, source, position, version, note in rows])

    # Those of all compacted batches that stay after the last compaction, which was made at `at`.
    def kept_translations(self, at):
        records = [(first, last) for number, first, last in self.compacted if not self.is_replaced(number, first, last)]
        records.sort()

        def record_of(batch):
            place = bisect.bisect_right(records, (batch, float("inf"))) - 1 if batch is not None else -1
            return records[place] if place >= 0 and batch <= records[place][1] else None

        rows = self.rows("SELECT exporter, outside, protocol, first_port, last_port, port_step, remote, remote_port, "
                         "inside, inside_port, begin_at, end_at, opened, closed FROM translation")
        newest = {}  # by key: the last begin before `at` that a compacted batch has reported
        for row in rows:
            if record_of(row[12]) and row[10] < at:
                newest[row[:8]] = max(newest.get(row[:8], row[10]), row[10])
        kept = {}
        for row in rows:
            end, opened, closed = row[11:]
            if (closed is None) != (end == NEVER) or end < row[10]:
                self.find("translation", f"one of batch {opened} has a wrong end")
            is_over = (row[10] < at and record_of(opened) and (closed is None or record_of(closed)) and
                       ((closed is not None and end < at) or newest.get(row[:8], row[10]) > row[10]))
            record = record_of(opened) or record_of(closed)
            if record and not is_over:
                kept.setdefault(record, []).append(row[:11] + (end if record_of(closed) else NEVER,))
        lists = [(record, *self.encode_translations(kept[record])) for record in sorted(kept)]
        return sum(count for _, count, _ in lists), b"octroi kept translations 1\n" + items(
            [u64(first) + u64(last) + u64(count) + blake(octets) for (first, last), count, octets in lists])

    def check_compactions(self):
        previous = ZERO
        links = {}
        records = self.rows("SELECT number, at, level, first_batch, last_batch, traffic_begin, traffic_end, removed, "
                            "batches_digest, days, days_digest, cursors, cursors_digest, translations, "
                            "translations_digest, previous_hash, hash FROM compaction ORDER BY number")
        for row in records:
            compaction, level, first, last = row[0], row[2], row[3], row[4]
            where = f"compaction {compaction}"
            if compaction != len(links) + 1:
                self.find(where, "a compaction before it is missing")
            later = [r for r in records if r[0] > compaction and r[3] <= last and first <= r[4]]
            if any(not (r[3] <= first and last <= r[4]) for r in later) or (later and level == 2):
                self.find(where, "a later compaction contains only a part of it, or sums of days")
            inside = [r[0] for r in records if r[0] < compaction and first <= r[3] and r[4] <= last]
            replaces = sum(self.rows("SELECT coalesce(sum(transfers), 0) FROM compaction_meter WHERE compaction = ?",
                                     number)[0][0] for number in inside)
            try:
                self.check_record(row, previous, bool(later), replaces)
            except Damage as damage:
                self.find(where, str(damage))
            previous = row[-1]
            links[compaction] = row[-1]
        self.heads[(5, 0)] = links
        self.print_head("compactions", "-", links)

    def anchor_heads(self, anchor):
        writers = {key: (node, identity) for key, node, identity in self.rows("SELECT writer_id, node, id FROM writer")}
        found = []
        for chain, writer, sequence, head in self.rows(
                "SELECT chain, writer, sequence, hash FROM anchor_head WHERE anchor = ?", anchor):
            if writer != 0 and writer not in writers:
                raise Damage(f"writer {writer} is missing")
            node, identity = writers.get(writer, (b"", bytes(16)))
            found.append((chain, node, identity, sequence, head))
            links = self.heads.get((chain, writer))
            if links is not None and links.get(sequence) != head:
                self.find(f"anchor {anchor}", f"link {sequence} of {node.decode(errors='replace') or 'chain ' + str(chain)} "
                          "is not the one of the anchor")
        return sorted(found)

    # Compares heads with the chains that were verified before.
    def check_anchors(self):
        previous = ZERO
        links = {}
        for anchor, at, reason, stored_previous, stored in self.rows(
                "SELECT anchor_id, at, reason, previous_hash, hash FROM anchor ORDER BY anchor_id"):
            if anchor != len(links) + 1:
                self.find(f"anchor {anchor}", "an anchor before it is missing")
            try:
                heads = self.anchor_heads(anchor)
                link = previous + b"octroi anchor 1\n" + u64(anchor) + i64(at) + u8(reason) + items(
                    [u8(chain) + text(node) + identity + u64(sequence) + head
                     for chain, node, identity, sequence, head in heads])
                if stored_previous != previous:
                    self.find(f"anchor {anchor}", "the previous hash is not that of the anchor before")
                if blake(link) != stored:
                    self.find(f"anchor {anchor}", "the hash does not match")
            except Damage as damage:
                self.find(f"anchor {anchor}", str(damage))
            previous = stored
            links[anchor] = stored
        self.print_head("anchors", "-", links)

    @staticmethod
    def print_head(node, identity, links):
        if links:
            last = max(links)
            print(f"{node} {identity} {last} {links[last].hex()}")


def main(arguments):
    if not arguments or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    wanted = set(arguments[1:]) or None
    try:
        ledger = Ledger(arguments[0])
        (application,), (version,) = ledger.rows("PRAGMA application_id")[0], ledger.rows("PRAGMA user_version")[0]
        if application != 0x4F435452 or version not in (4, 5):
            print(f"{arguments[0]} is not a ledger of format 4 or 5", file=sys.stderr)
            return 2
        ledger.db.execute("BEGIN")  # one state for all queries
        ledger.read_compacted()
        ledger.check_writers(wanted)
        if wanted is None:
            ledger.check_current_cursors()
        for name, check in (("directory", ledger.check_directory), ("classes", ledger.check_classes),
                            ("compactions", ledger.check_compactions), ("anchors", ledger.check_anchors)):
            if wanted is None or name in wanted:
                check()
    except sqlite3.Error as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr)
        return 2
    return 1 if ledger.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
