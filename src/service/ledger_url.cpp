// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/ledger_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "store/sqlite/files.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {
namespace {

using OpenedLedger = Result<std::unique_ptr<Ledger>>;

struct StoreKind {
    std::string_view scheme;  // of its URLs; "" for paths
    OpenedLedger (*open)(const std::string& url, const LedgerOptions& options);
    // Null: the store does not say.
    std::optional<std::uint64_t> (*octets)(const std::string& url) = nullptr;
};

OpenedLedger open_sqlite(const std::string& path, const LedgerOptions& options) {
    return SqliteLedger::open(path, options);
}

OpenedLedger refuse_server(const std::string& url, const LedgerOptions& /*options*/) {
    return fail(ErrorCode::unsupported,
                fmt::format("{}: this version keeps its ledger in a file; give --ledger a path",
                            without_passwords(url)));
}

constexpr std::array stores{
    StoreKind{"", open_sqlite, sqlite_files_octets},
    StoreKind{"postgresql", refuse_server},
    StoreKind{"postgres", refuse_server},
};

// A path may have a colon, and even "//" after it; only a word in front of "://" is a scheme.
std::string_view scheme_of(std::string_view url) {
    const std::size_t end = url.find("://");
    if (end == std::string_view::npos) return "";
    const std::string_view scheme = url.substr(0, end);
    const bool is_word =
        std::all_of(scheme.begin(), scheme.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    return is_word ? scheme : "";
}

// Null: there is none.
const StoreKind* find_store(std::string_view scheme) {
    const auto* store = std::find_if(stores.begin(), stores.end(),
                                     [&](const StoreKind& s) { return s.scheme == scheme; });
    return store == stores.end() ? nullptr : store;
}

}  // namespace

Result<std::unique_ptr<Ledger>> open_ledger(const std::string& url, const LedgerOptions& options) {
    const std::string_view scheme = scheme_of(url);
    if (const StoreKind* store = find_store(scheme)) return store->open(url, options);
    return fail(ErrorCode::invalid, fmt::format("{}: no store is called '{}'; give --ledger a path",
                                                without_passwords(url), scheme));
}

bool is_ledger_path(std::string_view ledger) noexcept { return scheme_of(ledger).empty(); }

// RFC 3986, section 3.2: "scheme://user:password@host". The user and the password end at the last
// "@" before the path; PostgreSQL permits "?" and "#" in them. PostgreSQL also reads a parameter
// "password=…" of the query.
std::string without_passwords(std::string_view text) {
    constexpr std::string_view mask = "***";
    constexpr std::string_view parameter = "password=";
    constexpr std::string_view scheme_end = "://";
    std::string out(text);
    for (std::size_t at = out.find(scheme_end); at != std::string::npos;
         at = out.find(scheme_end, at + 1)) {
        const std::size_t begin = at + scheme_end.size();
        const std::size_t end = std::min(out.find_first_of("/ \"'", begin), out.size());
        const std::size_t host = out.substr(0, end).rfind('@');
        const std::size_t colon = out.find(':', begin);
        if (host != std::string::npos && host > begin && colon < host)
            out.replace(colon + 1, host - colon - 1, mask);
        const std::size_t query = out.find(parameter, begin);
        if (query == std::string::npos) continue;
        const std::size_t value = query + parameter.size();
        out.replace(value, std::min(out.find_first_of("&# \"'", value), out.size()) - value, mask);
    }
    return out;
}

std::optional<std::uint64_t> ledger_octets(const std::string& url) {
    const StoreKind* store = find_store(scheme_of(url));
    if (store == nullptr || store->octets == nullptr) return std::nullopt;
    return store->octets(url);
}

}  // namespace octroi
