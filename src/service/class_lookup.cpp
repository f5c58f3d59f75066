// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/class_lookup.hpp"

#include <fmt/format.h>

#include "attribute/builtin_classes.hpp"
#include "attribute/class_table.hpp"
#include "record/as_number.hpp"
#include "record/reading.hpp"

namespace octroi {
namespace {

Result<std::string> full_version(DirectoryStore& directory_store, const std::string& given) {
    if (given.empty()) return directory_store.current_class_version();
    TRY_ASSIGN(const auto tables, directory_store.class_tables());
    for (const ClassTableInfo& table : tables)
        if (table.version.starts_with(given)) return table.version;
    return fail(ErrorCode::not_found,
                fmt::format("there is no class table {}; octroi class list shows all", given));
}

// The table of this version; without a version everything is of one class.
Result<ClassTable> table_of(DirectoryStore& directory_store, const std::string& version) {
    ClassTable table;
    table.default_class = no_table_class;
    if (version.empty()) return table;
    TRY_ASSIGN(auto stored, directory_store.class_table(version));
    return stored ? *std::move(stored) : table;
}

std::string decided_by(const ClassLookup::Match& match) {
    if (match.next_hop != nullptr)
        return fmt::format("next-hop {}", to_string(match.next_hop->next_hop));
    if (match.prefix) return fmt::format("prefix {}", to_string(*match.prefix));
    if (match.ases == nullptr) return "default";
    const auto [first, last, class_index] = *match.ases;
    return first == last ? fmt::format("as {}", first) : fmt::format("as {}-{}", first, last);
}

}  // namespace

Result<std::vector<AddressClass>> look_up_classes(DirectoryStore& directory_store,
                                                  const ClassQuestion& question) {
    TRY_ASSIGN(const std::string version, full_version(directory_store, question.version));
    TRY_ASSIGN(const ClassTable table, table_of(directory_store, version));
    const ClassLookup lookup(table);
    // Readings hold no AS_TRANS (RFC 6793): it stands for an AS that the exporter could not write.
    const std::uint32_t as = question.as == as_trans ? 0 : question.as;
    std::vector<AddressClass> answers;
    for (const Address& address : question.addresses) {
        const BuiltinClass builtin = builtin_class(address);
        if (builtin != BuiltinClass::none) {
            const auto name = builtin_class_names[static_cast<std::size_t>(builtin)];
            answers.push_back({address, std::nullopt, std::string(name), "built in"});
            continue;
        }
        const auto match = lookup.find(address, as, question.next_hop);
        answers.push_back(
            {address, match.prefix, std::string(match.class_name), decided_by(match)});
    }
    return answers;
}

}  // namespace octroi
