#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"
#include "library/tables/table_key.hpp"
#include "millrace/dynamic_batch.hpp"
#include "millrace/persistence/table_store.hpp"
#include "millrace/text/record_writer.hpp"

namespace millrace::command {

namespace {

using persistence::table_row;
using persistence::table_store;

// Rows of one look into a table: the run that writes to it cannot reuse pages meanwhile.
constexpr std::size_t rows_at_once = 1000;

struct table_request {
  std::string folder;
  std::string table;
  std::vector<std::string> key;
  std::string prefix;
  std::vector<std::string> from, to;
  std::uint64_t limit = 100;
  bool is_json = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

/// A table that is looked into, and how its rows are read.
struct opened_table {
  std::shared_ptr<table_store> store;
  library::table_key key;
  record_type_ptr type;
};

result<opened_table> open(const table_request& r) {
  auto store = persistence::open_table_store(r.folder, true);
  if (!store) return std::move(store).error();
  const auto declared = (*store)->describe(r.table);
  if (!declared) return declared.error();
  auto fields = parse_schema(r.table, declared->fields);
  if (!fields) return std::move(fields).error();
  auto key = library::table_key::of(*fields, declared->key);
  if (!key) return std::move(key).error();
  auto type = dynamic_record_type(std::make_shared<const schema>(std::move(*fields)));
  return opened_table{std::move(*store), std::move(*key), std::move(type)};
}

/// A JSON object, or `field=value` with texts as JSON has them.
result<std::string> line_of(const opened_table& t, const std::string& stored, bool is_json) {
  const auto decoded = t.type->decode(as_bytes(stored), 1);
  if (!decoded) return decoded.error();
  const record_view record{**decoded, 0};
  std::string line;
  if (is_json) {
    record_writer{record_writer::format::jsonl, time_format::iso}.append(line, record);
    return line;
  }
  const auto& fields = record.schema().fields;
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    const auto& v = record.field(i);
    line += (i == 0 ? "" : "  ") + fields[i].name + '=';
    if (v.kind() == value_kind::string) {
      append_json_string(line, v.as_string());
    } else {
      append_text(line, fields[i].type, v, time_format::iso);
    }
  }
  return line += '\n';
}

int get(const table_request& r) {
  const auto t = open(r);
  if (!t) return fail_with(t.error());
  if (r.key.size() != t->key.size()) {
    return fail_with(user_error(errc::invalid_argument, "a key of table '" + r.table + "' has " +
                                                            std::to_string(t->key.size()) + " values, not " +
                                                            std::to_string(r.key.size())));
  }
  const auto key = t->key.parse(r.key);
  if (!key) return fail_with(key.error());
  const auto found = t->store->get(r.table, *key);
  if (!found) return fail_with(found.error());
  if (!*found) {
    std::string text;
    for (const auto& k : r.key) text += ' ' + k;
    return fail_with({errc::not_found, error_class::fatal, "table '" + r.table + "' has no row with key" + text});
  }
  const auto line = line_of(*t, **found, r.is_json);
  if (!line) return fail_with(line.error());
  print(*line);
  return exit_ok;
}

/// Where a scan begins, and where it ends: before keys that are not less than `to`, or do not begin with `prefix`.
struct bounds {
  std::string from;
  std::string to;
  std::string prefix;

  [[nodiscard]] bool has(const std::string& key) const { return key.starts_with(prefix) && (to.empty() || key < to); }
};

result<bounds> bounds_of(const opened_table& t, const table_request& r) {
  bounds out;
  if (!r.prefix.empty()) {
    auto prefix = t.key.parse_prefix(r.prefix);
    if (!prefix) return std::move(prefix).error();
    out.prefix = out.from = std::move(*prefix);
  }
  auto from = t.key.parse(r.from);
  if (!from) return std::move(from).error();
  auto to = t.key.parse(r.to);
  if (!to) return std::move(to).error();
  out.from = std::max(out.from, *from);
  out.to = std::move(*to);
  return out;
}

int scan(const table_request& r) {
  const auto t = open(r);
  if (!t) return fail_with(t.error());
  auto range = bounds_of(*t, r);
  if (!range) return fail_with(range.error());
  for (std::uint64_t shown = 0;;) {
    const auto left = r.limit == 0 ? rows_at_once : std::min<std::uint64_t>(rows_at_once, r.limit - shown);
    // One more than is wanted tells whether there are more.
    const auto rows = t->store->scan(r.table, range->from, left + 1);
    if (!rows) return fail_with(rows.error());
    for (std::size_t i = 0; i < rows->size() && i < left; ++i, ++shown) {
      if (!range->has((*rows)[i].key)) return exit_ok;
      const auto line = line_of(*t, (*rows)[i].value, r.is_json);
      if (!line) return fail_with(line.error());
      print(*line);
    }
    if (rows->size() <= left || !range->has(rows->back().key)) return exit_ok;
    if (shown == r.limit) {
      print_error("there are more than " + std::to_string(r.limit) + " rows; raise --limit to see them, 0: all");
      return exit_ok;
    }
    range->from = rows->back().key;
  }
}

int list(const table_request& r) {
  const auto store = persistence::open_table_store(r.folder, true);
  if (!store) return fail_with(store.error());
  const auto tables = (*store)->tables();
  if (!tables) return fail_with(tables.error());
  auto all = nlohmann::json::array();
  std::string text;
  for (const auto& t : *tables) {
    const auto rows = (*store)->count(t.name);
    if (!rows) return fail_with(rows.error());
    all.push_back({{"name", t.name}, {"rows", *rows}, {"key", t.key}, {"fields", t.fields}});
    std::string key;
    for (const auto& k : t.key) key += (key.empty() ? "" : ",") + k;
    text +=
        t.name + "  " + std::to_string(*rows) + (*rows == 1 ? " row" : " rows") + " by " + key + "  " + t.fields + "\n";
  }
  print(r.is_json ? all.dump(2) + "\n" : text);
  return exit_ok;
}

using request_ptr = std::shared_ptr<table_request>;

CLI::App& add_verb(CLI::App& app, const request_ptr& r, const char* name, const char* help, bool has_table) {
  auto& verb = *app.add_subcommand(name, help);
  verb.add_option("DIR", r->folder, "The folder that 'path' of the millrace.table_sink names")
      ->required()
      ->check(CLI::ExistingDirectory)
      ->type_name("");
  if (has_table)
    verb.add_option("TABLE", r->table, "The table; 'millrace table list DIR' shows them")->required()->type_name("");
  verb.add_flag("--json", r->is_json, "As JSON, a row a line");
  return verb;
}

}  // namespace

void declare_table(CLI::App& app, action& chosen) {
  app.require_subcommand(1);
  const auto r = std::make_shared<table_request>();
  add_verb(app, r, "list", "The tables of a folder", false).callback([r, &chosen] {
    chosen = [r] { return list(*r); };
  });
  auto& one = add_verb(app, r, "get", "The row of a key", true);
  one.add_option("KEY", r->key, "A value for each field of the key")->required()->type_name("");
  one.callback([r, &chosen] { chosen = [r] { return get(*r); }; });
  auto& many = add_verb(app, r, "scan", "Rows in the order of their keys", true);
  many.add_option("--prefix", r->prefix, "Only keys that begin with this text")->type_name("TEXT");
  many.add_option("--from", r->from, "Only this key and those after it: values of its first fields")
      ->expected(1, 16)
      ->type_name("KEY");
  many.add_option("--to", r->to, "Only keys before this one")->expected(1, 16)->type_name("KEY");
  many.add_option("--limit", r->limit, "At most so many rows; 0: all")->capture_default_str();
  many.callback([r, &chosen] { chosen = [r] { return scan(*r); }; });
}

}  // namespace millrace::command
