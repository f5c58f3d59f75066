// SPDX-License-Identifier: GPL-3.0-or-later
#include <map>
#include <nlohmann/json.hpp>

#include "wire/counters/listed_counter.hpp"
#include "wire/counters/listing.hpp"

namespace octroi::counters {
namespace {

using Json = nlohmann::json;

// Deeper values are dropped: the deepest of a real ruleset is about 20.
constexpr int json_depth_max = 64;

std::string text_at(const Json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::optional<std::uint64_t> number_at(const Json& object, const char* key) {
    const auto at = object.find(key);
    if (at == object.end() || !at->is_number_unsigned()) return std::nullopt;
    return at->get<std::uint64_t>();
}

std::string element_text(const Json& value);

std::string joined(const Json& list, std::string_view between) {
    std::string text;
    for (const Json& part : list) {
        if (!text.empty()) text += between;
        text += element_text(part);
    }
    return text;
}

// A value of a set: "192.0.2.1", 80, {"prefix": …}, {"range": […]}, {"concat": […]}.
std::string element_text(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (!value.is_object()) return value.dump();
    if (const auto prefix = value.find("prefix"); prefix != value.end() && prefix->is_object()) {
        const auto length = number_at(*prefix, "len");
        return prefix->contains("addr") && length
                   ? element_text((*prefix)["addr"]) + "/" + std::to_string(*length)
                   : value.dump();
    }
    if (const auto range = value.find("range"); range != value.end() && range->is_array())
        return joined(*range, "-");
    if (const auto concat = value.find("concat"); concat != value.end() && concat->is_array())
        return joined(*concat, " . ");
    return value.dump();
}

// The types of the keys of a set: "ipv4_addr", or a list of them for a concatenation.
std::string type_text(const Json& set) {
    const auto type = set.find("type");
    if (type == set.end()) return "";
    return type->is_array() ? joined(*type, " . ") : element_text(*type);
}

// Units of quotas (libnftables-json(5), QUOTA).
std::optional<std::uint64_t> octets(const Json& quota, const char* value, const char* unit) {
    auto number = number_at(quota, value);
    const std::string name = text_at(quota, unit);
    if (!number) return std::nullopt;
    unsigned shift = 0;
    if (name == "kbytes") shift = 10;
    if (name == "mbytes") shift = 20;
    if (*number > UINT64_MAX >> shift) return std::nullopt;
    return *number << shift;
}

class NftParser {
public:
    CounterListing listing;

    void entry(const std::string& kind, const Json& object) {
        if (!object.is_object()) return;
        if (kind == "table") {
            if (const auto handle = number_at(object, "handle"))
                tables_[text_at(object, "family") + " " + text_at(object, "name")] = *handle;
        } else if (kind == "rule") {
            rule(object);
        } else if (kind == "counter") {
            ListedCounter counter = base(object, CounterForm::named);
            counter.name = text_at(object, "name");
            add_counts(std::move(counter), object);
        } else if (kind == "quota") {
            ListedCounter counter = base(object, CounterForm::quota);
            counter.name = text_at(object, "name");
            counter.used = number_at(object, "used");
            if (counter.used) add_counter(listing, std::move(counter));
        } else if (kind == "set" || kind == "map" || kind == "meter") {
            set(object);
        } else if (kind == "element") {
            elements(object, base(object, CounterForm::element));
        }
    }

private:
    ListedCounter base(const Json& object, CounterForm form) {
        ListedCounter counter;
        counter.form = form;
        counter.family = text_at(object, "family");
        counter.table = text_at(object, "table");
        counter.comment = text_at(object, "comment");
        counter.handle = number_at(object, "handle");
        const auto table = tables_.find(counter.family + " " + counter.table);
        if (table != tables_.end()) counter.table_handle = table->second;
        return counter;
    }
    // counts: {"packets": 1, "bytes": 2}. Nothing: the listing is stateless.
    void add_counts(ListedCounter counter, const Json& counts) {
        if (!counts.is_object() || (!counts.contains("packets") && !counts.contains("bytes")))
            return;
        counter.packets = number_at(counts, "packets");
        counter.bytes = number_at(counts, "bytes");
        if (!counter.packets || !counter.bytes) return add_unread(listing, counts.dump());
        add_counter(listing, std::move(counter));
    }
    // The statement without what it counts: the octets of a quota, and the time of the last packet
    // (libnftables-json(5): QUOTA; LAST, which the manual leaves out).
    static Json without_counts(Json statement) {
        if (!statement.is_object()) return statement;
        if (const auto counter = statement.find("counter");
            counter != statement.end() && counter->is_object())
            *counter = nullptr;
        if (const auto quota = statement.find("quota");
            quota != statement.end() && quota->is_object()) {
            quota->erase("used");
            quota->erase("used_unit");
        }
        if (const auto last = statement.find("last"); last != statement.end()) *last = nullptr;
        return statement;
    }
    // The text stays the same while the rule counts.
    static std::string statements(const Json& list) {
        std::string text;
        for (const Json& statement : list) {
            if (!text.empty()) text += ' ';
            text += without_counts(statement).dump(-1, ' ', false, Json::error_handler_t::replace);
        }
        return text;
    }
    // {"match": {"op": "==", "left": {"meta": {"key": "skuid"}}, "right": 1000}}
    static std::optional<std::uint32_t> uid_of(const Json& statement) {
        const auto match = statement.find("match");
        if (match == statement.end() || !match->is_object() || text_at(*match, "op") != "==")
            return std::nullopt;
        const auto left = match->find("left");
        if (left == match->end() || !left->is_object()) return std::nullopt;
        const auto meta = left->find("meta");
        if (meta == left->end() || !meta->is_object() || text_at(*meta, "key") != "skuid")
            return std::nullopt;
        const auto uid = number_at(*match, "right");
        if (!uid || *uid >= UINT32_MAX) return std::nullopt;
        return static_cast<std::uint32_t>(*uid);
    }
    void rule(const Json& object) {
        const auto list = object.find("expr");
        if (list == object.end() || !list->is_array()) return;
        ListedCounter counter = base(object, CounterForm::rule);
        counter.chain = text_at(object, "chain");
        bool described = false;
        for (const Json& statement : *list) {
            if (!statement.is_object()) continue;
            if (const auto uid = uid_of(statement)) counter.uid = uid;
            const auto counts = statement.find("counter");
            const auto quota = statement.find("quota");
            if (counts == statement.end() && quota == statement.end()) continue;
            if (!std::exchange(described, true)) counter.rule = statements(*list);
            if (counts != statement.end()) add_counts(counter, *counts);
            if (quota == statement.end() || !quota->is_object()) continue;
            ListedCounter used = counter;
            used.form = CounterForm::quota;
            used.used = octets(*quota, "used", "used_unit");
            if (used.used) add_counter(listing, std::move(used));
        }
    }
    void set(const Json& object) {
        ListedCounter counter = base(object, CounterForm::element);
        counter.name = text_at(object, "name");
        counter.element_type = type_text(object);
        elements(object, counter);
    }
    // "elem": [{"elem": {"val": …, "counter": {…}}}]; of a map: [[{"elem": …}, value]].
    void elements(const Json& object, ListedCounter counter) {
        if (counter.name.empty()) counter.name = text_at(object, "name");
        const auto list = object.find("elem");
        if (list == object.end() || !list->is_array()) return;
        for (const Json& each : *list) {
            const Json& key = each.is_array() && !each.empty() ? each.front() : each;
            if (!key.is_object()) continue;
            const auto element = key.find("elem");
            if (element == key.end() || !element->is_object()) continue;
            const auto counts = element->find("counter");
            const auto value = element->find("val");
            if (counts == element->end() || value == element->end()) continue;
            ListedCounter one = counter;
            one.element = element_text(*value);
            one.comment = text_at(*element, "comment");
            add_counts(std::move(one), *counts);
        }
    }

    std::map<std::string, std::uint64_t> tables_;  // handles, by family and name
};

}  // namespace

std::optional<CounterListing> parse_nft_json(std::string_view text) {
    const Json::parser_callback_t shallow = [](int depth, Json::parse_event_t, Json&) {
        return depth <= json_depth_max;
    };
    const Json document = Json::parse(text, shallow, false);
    if (!document.is_object()) return std::nullopt;
    const auto list = document.find("nftables");
    if (list == document.end() || !list->is_array()) return std::nullopt;
    NftParser parser;
    for (const Json& each : *list) {
        if (!each.is_object()) continue;
        for (const auto& [kind, object] : each.items()) {
            // `nft -j monitor` and commands: {"add": {"rule": …}}
            const bool is_command = kind == "add" || kind == "insert" || kind == "create";
            if (!is_command || !object.is_object()) {
                parser.entry(kind, object);
                continue;
            }
            for (const auto& [inner, value] : object.items()) parser.entry(inner, value);
        }
    }
    return std::move(parser.listing);
}

}  // namespace octroi::counters
