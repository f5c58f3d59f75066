// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/declaration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "config/declaration_fields.hpp"
#include "config/declaration_text.hpp"
#include "config/suggest.hpp"

namespace octroi {
namespace {

// How a column gets into a declared value. TOML tables and CSV lines both give texts by column. The
// columns are those of declaration_fields.hpp, in the same order: a test compares them.
template <typename Row>
struct Field {
    std::string_view name;
    Status (*set)(Row&, std::string_view);
};

Status set_flag(bool& flag, std::string_view text) {
    if (text != "true" && text != "false" && text != "yes" && text != "no" && !text.empty())
        return fail(ErrorCode::invalid, fmt::format("'{}' is neither true nor false", text));
    flag = text == "true" || text == "yes";
    return {};
}

Status set_time(std::optional<UtcTime>& time, std::string_view text) {
    if (text.empty()) return {};
    TRY_ASSIGN(time, parse_rfc3339(text));
    return {};
}

template <auto Member, typename Row>
Status set_text(Row& row, std::string_view text) {
    row.*Member = text;
    return {};
}

// A list with ';' between its texts.
Status set_list(std::vector<std::string>& list, std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(';', at), text.size());
        std::string_view item = text.substr(at, end - at);
        while (item.starts_with(' ')) item.remove_prefix(1);
        while (item.ends_with(' ')) item.remove_suffix(1);
        if (!item.empty()) list.emplace_back(item);
        at = end + 1;
    }
    return {};
}

constexpr std::array account_fields{
    Field<DeclaredAccount>{"name", set_text<&DeclaredAccount::name>},
    Field<DeclaredAccount>{"parent", set_text<&DeclaredAccount::parent>},
    Field<DeclaredAccount>{"title", set_text<&DeclaredAccount::title>},
    Field<DeclaredAccount>{"email",
                           [](DeclaredAccount& a, std::string_view t) -> Status {
                               if (!t.empty()) a.email = t;
                               return {};
                           }},
    Field<DeclaredAccount>{
        "bindings", [](DeclaredAccount& a, std::string_view t) { return set_list(a.bindings, t); }},
};
constexpr std::array binding_fields{
    Field<DeclaredBinding>{"identity", set_text<&DeclaredBinding::identity>},
    Field<DeclaredBinding>{"account", set_text<&DeclaredBinding::account>},
    Field<DeclaredBinding>{
        "from", [](DeclaredBinding& b, std::string_view t) { return set_time(b.from, t); }},
    Field<DeclaredBinding>{
        "until", [](DeclaredBinding& b, std::string_view t) { return set_time(b.until, t); }},
    Field<DeclaredBinding>{
        "per_address",
        [](DeclaredBinding& b, std::string_view t) { return set_flag(b.per_address, t); }},
};
constexpr std::array network_fields{
    Field<DeclaredNetwork>{"prefix", set_text<&DeclaredNetwork::prefix>},
    Field<DeclaredNetwork>{
        "per_address",
        [](DeclaredNetwork& n, std::string_view t) { return set_flag(n.per_address, t); }},
};

class Filler {
public:
    template <typename Row, std::size_t N>
    void add(const DeclaredRecord& record, const std::array<Field<Row>, N>& fields,
             std::vector<Row>& rows) {
        Row row;
        row.where = record.where;
        std::set<std::string_view> given;
        for (const auto& [name, text] : record.fields) {
            const auto field = std::find_if(fields.begin(), fields.end(),
                                            [&](const auto& f) { return f.name == name; });
            if (field == fields.end()) {
                std::vector<std::string_view> known;
                for (const auto& f : fields) known.push_back(f.name);
                problem(record.where,
                        fmt::format("unknown field {}{}", name, suggestion(name, known)));
                return;
            }
            if (const auto set = field->set(row, text); !set)
                return problem(record.where, set.error().text);
            // An empty field of a CSV line states nothing.
            if (!text.empty()) given.insert(field->name);
        }
        for (const DeclaredField& field : find_declared_table(record.kind)->fields)
            if (field.required && !given.contains(field.name))
                return problem(record.where, fmt::format("{} is missing", field.name));
        rows.push_back(std::move(row));
    }
    void problem(const SourceLine& where, std::string_view text) {
        problems +=
            fmt::format("{}{}:{}: {}", problems.empty() ? "" : "\n", where.file, where.line, text);
    }
    std::string problems;
};

}  // namespace

Result<Declaration> parse_declaration(std::string_view text, std::string_view file_name) {
    TRY_ASSIGN(const auto records, looks_like_csv(text, file_name) ? csv_records(text, file_name)
                                                                   : toml_records(text, file_name));
    Declaration declaration;
    Filler filler;
    for (const DeclaredRecord& record : records) {
        if (record.kind == "account") {
            filler.add(record, account_fields, declaration.accounts);
        } else if (record.kind == "binding") {
            filler.add(record, binding_fields, declaration.bindings);
        } else if (record.kind == "network") {
            filler.add(record, network_fields, declaration.networks);
        } else {
            constexpr std::array<std::string_view, 3> known{"account", "binding", "network"};
            filler.problem(record.where, fmt::format("unknown section [[{}]]{}", record.kind,
                                                     suggestion(record.kind, known)));
        }
    }
    if (!filler.problems.empty()) return fail(ErrorCode::invalid, std::move(filler.problems));
    return declaration;
}

}  // namespace octroi
