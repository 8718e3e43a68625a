#include "millrace/engine/state_type.hpp"

#include <algorithm>
#include <utility>

#include "millrace/schema.hpp"

namespace millrace::engine {

namespace {

void compare(const std::string& where, const field_type& was, const field_type& is, std::vector<std::string>& problems);

std::string at(const std::string& where) {
  return where.empty() ? "it" : "'" + where + "'";
}

std::string inside(const std::string& where, const std::string& name) {
  return where.empty() ? name : where + "." + name;
}

void compare_records(const std::string& where, const schema& was, const schema& is,
                     std::vector<std::string>& problems) {
  const auto shared = std::min(was.fields.size(), is.fields.size());
  for (std::size_t i = 0; i < shared; ++i) {
    const auto& name = is.fields[i].name;
    if (was.fields[i].name != name) {
      problems.push_back("field " + std::to_string(i + 1) + " of " + at(where) + " was '" + was.fields[i].name +
                         "' and is now '" + name + "' (fields are only appended)");
    } else {
      compare(inside(where, name), was.fields[i].type, is.fields[i].type, problems);
    }
  }
  if (was.fields.size() > shared) {
    problems.push_back("field " + at(inside(where, was.fields[shared].name)) + " is no longer there");
  }
  if (is.fields.size() > shared && !is.is_known_length(static_cast<std::uint32_t>(shared))) {
    problems.push_back("field " + at(inside(where, is.fields[shared].name)) + " is new but not marked since(" +
                       std::to_string(was.version + 1) + ")");
  }
}

bool is_wider(const field_type& was, const field_type& is) {
  if (was.kind == field_kind::float32 && is.kind == field_kind::float64) return true;
  if (was.kind != is.kind || (was.kind != field_kind::integer && was.kind != field_kind::enumeration)) return false;
  return was.is_signed == is.is_signed ? was.bits <= is.bits : !was.is_signed && was.bits < is.bits;
}

void compare(const std::string& where, const field_type& was, const field_type& is,
             std::vector<std::string>& problems) {
  if (was.optional && !is.optional) {
    problems.push_back(at(where) + " could be null and no longer can");
    return;
  }
  if (was.kind == is.kind) {
    if (was.kind == field_kind::record) return compare_records(where, *was.nested, *is.nested, problems);
    if (was.kind == field_kind::list) return compare(where + "[]", *was.element, *is.element, problems);
    if (was.kind == field_kind::map && *was.key == *is.key) {
      return compare(where + "[]", *was.element, *is.element, problems);
    }
  }
  auto relaxed = was;
  relaxed.optional = is.optional;
  if (relaxed == is || is_wider(was, is)) return;
  problems.push_back(at(where) + " was " + to_text(was) + " and is now " + to_text(is));
}

}  // namespace

std::vector<std::string> state_type_problems(const std::string& written, const std::string& declared) {
  if (written == declared) return {};
  const auto was = parse_schema("written", "value:" + written);
  const auto is = parse_schema("declared", "value:" + declared);
  if (!was || !is) return {"it was " + written + " and is now " + declared};
  std::vector<std::string> problems;
  compare({}, was->fields.front().type, is->fields.front().type, problems);
  return problems;
}

result<state_decode> reader_of(const std::string& actor, const std::string& written, const declared_state& state) {
  if (written == state.type) return state_decode{};
  for (const auto& m : state.migrations) {
    if (m.from == written) return m.decode;
  }
  const auto problems = state_type_problems(written, state.type);
  if (problems.empty()) return state_decode{};
  for (const auto& m : state.migrations) {
    if (state_type_problems(written, m.from).empty()) return m.decode;
  }
  std::string reasons;
  for (const auto& p : problems) reasons += (reasons.empty() ? "" : "; ") + p;
  return user_error(
      errc::schema_mismatch,
      actor + ": the snapshot has state '" + state.name + "' of type " + written + ", the actor declares it as " +
          state.type + ": " + reasons +
          "; give the state a migration ({.migrate = from<Old>(…)}), run the version that wrote it, or use "
          "a new data directory");
}

error unknown_state(const std::string& actor, const std::string& name, const std::string& written) {
  return user_error(errc::schema_mismatch,
                    actor + ": the snapshot has state '" + name + "' of type " + written +
                        ", the actor has no such state; declare `dropped_state " + "gone{this, \"" + name +
                        "\"}` to let it go, run the version that wrote it, or use a new data directory");
}

}  // namespace millrace::engine
