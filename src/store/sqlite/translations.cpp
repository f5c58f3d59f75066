// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/translations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "store/sqlite/old_translations.hpp"

namespace octroi::sqlite {
namespace {

// In the order of Translation's fields.
constexpr const char* columns =
    "exporter, outside, protocol, first_port, last_port, port_step, remote, remote_port, inside, "
    "inside_port, begin_at";
constexpr int column_end = 11;

// Bound texts, which must live until the statement is reset.
struct Texts {
    std::string exporter;
    std::string outside;
    std::string remote;
    std::string inside;
};

Texts texts_of(const Translation& t) {
    return {to_string(t.device), to_string(t.outside), to_string(t.remote), to_string(t.inside)};
}

void bind_all(Statement& to, const Translation& t, const Texts& texts) {
    to.bind_text(1, texts.exporter);
    to.bind_text(2, texts.outside);
    to.bind(3, std::uint64_t{t.protocol});
    to.bind(4, std::uint64_t{t.first_port});
    to.bind(5, std::uint64_t{t.last_port});
    to.bind(6, std::uint64_t{t.port_step});
    to.bind_text(7, texts.remote);
    to.bind(8, std::uint64_t{t.remote_port});
    to.bind_text(9, texts.inside);
    to.bind(10, std::uint64_t{t.inside_port});
    to.bind(11, t.valid.begin);
}

// An empty text leaves the address empty. False: the text is not an address, or not as Octroi
// writes it.
bool read_address(std::string_view text, Address& into) {
    if (text.empty()) return true;
    const auto address = parse_address(text);
    if (address) into = *address;
    return address && to_string(*address) == text;
}

std::uint16_t port_from(const Statement& row, int column) {
    return static_cast<std::uint16_t>(row.number(column));
}

// From `columns` and, in column_end, the end. False: an address is not readable.
bool translation_from(const Statement& row, Translation& t) {
    const bool good =
        read_address(row.octets(0), t.device) && read_address(row.octets(1), t.outside) &&
        read_address(row.octets(6), t.remote) && read_address(row.octets(8), t.inside);
    t.protocol = static_cast<std::uint8_t>(row.number(2));
    t.first_port = port_from(row, 3);
    t.last_port = port_from(row, 4);
    t.port_step = port_from(row, 5);
    t.remote_port = port_from(row, 7);
    t.inside_port = port_from(row, 9);
    t.valid = {row.time(10), row.time(column_end)};
    return good;
}

// Translations of the outside address ?1 that have begun at ?2; ?3 is a port or NULL, ?4 a protocol
// or NULL. `which` selects the ports. Single ports and blocks of ports have different conditions so
// that each uses its index.
std::string question_sql(std::string_view which) {
    return fmt::format(
        "SELECT {} FROM translation WHERE outside = ?1 AND {} AND begin_at <= ?2 AND (?4 IS NULL "
        "OR protocol IN (0, ?4))",
        translation_row_columns, which);
}

// Those that are valid at the moment. A newer one with the same key takes the place of an older
// one, even if it has ended since.
std::vector<Translation> valid_at(UtcTime at, const std::vector<Translation>& begun) {
    const auto key_of = [](const Translation& t) {
        return std::tuple(t.device, t.outside, t.protocol, t.first_port, t.last_port, t.port_step,
                          t.remote, t.remote_port);
    };
    std::map<decltype(key_of(begun.front())), UtcTime> newest;
    for (const Translation& t : begun) {
        UtcTime& begin = newest.try_emplace(key_of(t), t.valid.begin).first->second;
        begin = std::max(begin, t.valid.begin);
    }
    std::vector<Translation> valid;
    for (const Translation& t : begun)
        if (t.valid.end > at && t.valid.begin == newest.at(key_of(t))) valid.push_back(t);
    std::sort(valid.begin(), valid.end());
    return valid;
}

// A translation that has ended may be in the ledger without its end, from an earlier batch. Then
// that row gets the end. False: the translation began and ended within this batch, or its row is
// over, which a compaction may delete at any time.
Result<bool> close_open_row(const Database& db, std::optional<OldTranslations>& old,
                            Statement& find, Statement& close, const Translation& t,
                            const Texts& texts, std::uint64_t number) {
    bind_all(find, t, texts);
    TRY_ASSIGN(const bool found, find.step());
    if (!found) return false;
    const TranslationRow row = translation_row_from(find);
    find.reset();
    if (!old) {
        TRY_ASSIGN(old, OldTranslations::of(db));
    }
    TRY_ASSIGN(const bool over, old->is_over(row));
    if (over) return false;
    close.bind(1, row.rowid);
    close.bind(2, t.valid.end);
    close.bind(3, number);
    TRY(close.run());
    return true;
}

}  // namespace

TranslationRow translation_row_from(const Statement& row) {
    TranslationRow found;
    found.is_readable = translation_from(row, found.translation);
    found.opened = row.number(column_end + 1);
    found.closed = row.number(column_end + 2);
    found.rowid = row.number(column_end + 3);
    return found;
}

Status insert_translations(const Database& db, const CanonicalBatch& batch, std::uint64_t number) {
    if (batch.translations.empty()) return {};
    TRY_ASSIGN(
        auto find,
        Statement::prepare(
            db, fmt::format("SELECT {} FROM translation WHERE "
                            "exporter = ?1 AND outside = ?2 "
                            "AND protocol = ?3 AND first_port = ?4 AND last_port = ?5 AND "
                            "port_step = ?6 AND remote = ?7 AND remote_port = ?8 AND inside = "
                            "?9 AND inside_port = ?10 AND begin_at = ?11 AND closed IS NULL "
                            "ORDER BY rowid DESC LIMIT 1",
                            translation_row_columns)));
    std::optional<OldTranslations> old;
    TRY_ASSIGN(
        auto close,
        Statement::prepare(db, "UPDATE translation SET end_at = ?2, closed = ?3 WHERE rowid = ?1"));
    TRY_ASSIGN(auto insert, Statement::prepare(
                                db, fmt::format("INSERT INTO translation ({}, end_at, opened, "
                                                "closed) VALUES "
                                                "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
                                                columns)));
    for (const Translation* t : batch.translations) {
        const Texts texts = texts_of(*t);
        if (!t->is_open()) {
            TRY_ASSIGN(const bool closed, close_open_row(db, old, find, close, *t, texts, number));
            if (closed) continue;
        }
        bind_all(insert, *t, texts);
        insert.bind(12, t->valid.end);
        insert.bind(13, number);
        insert.bind_optional(14, t->is_open() ? std::nullopt : std::optional(number));
        TRY(insert.run());
    }
    return {};
}

Result<std::vector<Translation>> find_translations(const Database& db,
                                                   const TranslationQuestion& question) {
    std::vector<std::string> questions;
    if (question.port) {
        questions = {
            question_sql("first_port = ?3 AND last_port = ?3"),
            question_sql("last_port > first_port AND +first_port <= ?3 AND last_port >= ?3 "
                         "AND (?3 - first_port) % port_step = 0")};
    } else {
        questions = {question_sql("?3 IS NULL")};
    }
    const std::string outside = to_string(question.outside);
    // A compaction may delete rows between two statements.
    TRY_ASSIGN(auto transaction, Transaction::begin(db, Transaction::Kind::read));
    TRY_ASSIGN(auto old, OldTranslations::of(db));
    std::vector<Translation> begun;
    for (const std::string& sql : questions) {
        TRY_ASSIGN(auto rows, Statement::prepare(db, sql));
        rows.bind_text(1, outside);
        rows.bind(2, question.at);
        rows.bind_optional(3, question.port);
        rows.bind_optional(4, question.protocol);
        while (true) {
            TRY_ASSIGN(const bool row, rows.step());
            if (!row) break;
            const TranslationRow t = translation_row_from(rows);
            if (!t.is_readable)
                return fail(ErrorCode::corrupt,
                            fmt::format("ledger {}: a translation of {} is damaged; next: run "
                                        "`octroi audit`",
                                        db.path(), outside));
            // Nothing must be concluded from it: no digest covers it, and it may be gone.
            TRY_ASSIGN(const bool over, old.is_over(t));
            if (!over) begun.push_back(t.translation);
        }
    }
    return valid_at(question.at, begun);
}

Result<TranslationReader> TranslationReader::make(const Database& db) {
    TranslationReader reader;
    // If another batch reported the end, this one contained the translation without an end.
    TRY_ASSIGN(reader.rows_,
               Statement::prepare(
                   db, fmt::format("SELECT {}, iif(closed IS ?1, end_at, 9223372036854775807) FROM "
                                   "translation WHERE opened = ?1 OR closed = ?1 ORDER BY rowid",
                                   columns)));
    return reader;
}

Result<bool> TranslationReader::read(std::uint64_t number, std::vector<Translation>& into) {
    bool good = true;
    rows_.bind(1, number);
    while (true) {
        TRY_ASSIGN(const bool row, rows_.step());
        if (!row) return good;
        if (!translation_from(rows_, into.emplace_back())) good = false;
    }
}

}  // namespace octroi::sqlite
