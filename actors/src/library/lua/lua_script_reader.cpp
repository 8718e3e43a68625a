#include "library/lua/lua_script_reader.hpp"

#include <algorithm>
#include <array>

#include "library/lua/lua_builtins.hpp"
#include "millrace/detail/nearest.hpp"

namespace millrace::library {

namespace {

constexpr std::string_view event_path = "@event";
constexpr std::string_view context_path = "@context";
constexpr std::size_t chunk = 0;  // index among functions

const std::string& lasting() {
  static const std::string text =
      "what lasts from event to event belongs into ctx.state, or it would be lost in a recovery";
  return text;
}

}  // namespace

void lua_script_reader::read_chunk() {
  block();
  if (peek().what != lua_token::kind::end) fail_here("the end");
  check_globals();
}

void lua_script_reader::read_body() {
  is_body_ = true;
  functions_.push_back(0);
  locals_.push_back({"e", 1, role::event});
  locals_.push_back({"ctx", 1, role::context});
  block();
  if (peek().what != lua_token::kind::end) fail_here("the end");
  functions_.pop_back();
  globals_.insert("on_event");
  check_globals();
}

void lua_script_reader::check_globals() const {
  for (const auto at : global_uses_) {
    const std::string name{token(at).text};
    if (globals_.contains(name)) continue;
    auto names = builtin_names();
    names.insert(names.end(), globals_.begin(), globals_.end());
    fail(at, "nothing is called '" + name + "' here" + detail::did_you_mean(name, names));
  }
}

bool lua_script_reader::is_block_end() const noexcept {
  return peek().what == lua_token::kind::end || is_next("end") || is_next("else") || is_next("elseif") ||
         is_next("until");
}

void lua_script_reader::block() {
  enter();
  const auto outer = locals_.size();
  while (!is_block_end()) {
    if (take_if("return")) {
      if (!is_block_end() && !is_next(";")) {
        do (void)expression();
        while (take_if(","));
      }
      (void)take_if(";");
      break;
    }
    statement();
  }
  locals_.erase(locals_.begin() + static_cast<std::ptrdiff_t>(outer), locals_.end());
  leave();
}

void lua_script_reader::statement() {
  if (take_if(";") || take_if("break")) return;
  if (take_if("local")) return local_statement();
  if (is_next("function")) return function_statement();
  if (take_if("if")) return if_statement();
  if (take_if("for")) return for_statement();
  if (take_if("do")) {
    block();
    expect("end", "'do …'");
  } else if (take_if("while")) {
    (void)expression();
    expect("do", "the condition");
    block();
    expect("end", "'while … do …'");
  } else if (take_if("repeat")) {
    // The condition sees the body's locals: those stay until it is read.
    const auto outer = locals_.size();
    enter();
    while (!is_block_end()) statement();
    expect("until", "'repeat …'");
    (void)expression();
    leave();
    locals_.erase(locals_.begin() + static_cast<std::ptrdiff_t>(outer), locals_.end());
  } else if (take_if("goto")) {
    (void)expect_name("'goto'");
  } else if (take_if("::")) {
    (void)expect_name("'::'");
    expect("::", "the label");
  } else {
    assignment_or_call();
  }
}

void lua_script_reader::local_statement() {
  if (take_if("function")) {
    const auto name = expect_name("'local function'");  // LuaJIT counts it from here
    declare(name);
    return parameters_and_body(name, {});
  }
  std::vector<std::size_t> names;
  do names.push_back(expect_name("'local'"));
  while (take_if(","));
  if (take_if("=")) {
    do (void)expression();
    while (take_if(","));
  }
  for (const auto n : names) declare(n);
}

void lua_script_reader::function_statement() {
  const auto begin = take();
  const auto first = expect_name("'function'");
  const std::string name{token(first).text};
  if (!is_next(".") && !is_next(":")) {
    assign_name(first);
    return parameters_and_body(begin, functions_.size() == 1 ? roles_of(name) : std::vector<role>{});
  }
  auto of = this->name(first);
  bool is_method = false;
  while (is_next(".") || is_next(":")) {
    is_method = token(take()).is(":");
    of = typed(lua_kind::any, first, expect_name("the function's name"));
    if (is_method) break;
  }
  parameters_and_body(begin, {}, is_method);
}

void lua_script_reader::if_statement() {
  do {
    (void)expression();
    expect("then", "the condition");
    block();
  } while (take_if("elseif"));
  if (take_if("else")) block();
  expect("end", "'if … then …'");
}

void lua_script_reader::for_statement() {
  std::vector<std::size_t> names;
  do names.push_back(expect_name("'for'"));
  while (take_if(","));
  const bool counts = names.size() == 1 && is_next("=");
  if (counts) {
    (void)take();
  } else {
    expect("in", "the names");
  }
  do (void)expression();
  while (take_if(","));
  expect("do", "what 'for' goes over");
  const auto outer = locals_.size();
  for (const auto n : names) declare(n, counts ? role::number : role::plain);
  block();
  expect("end", "'for … do …'");
  locals_.erase(locals_.begin() + static_cast<std::ptrdiff_t>(outer), locals_.end());
}

void lua_script_reader::assignment_or_call() {
  const auto begin = position();
  if (peek().what != lua_token::kind::name && !is_next("(")) fail_here("a statement");
  std::vector<target> targets;
  const auto read = [&] {
    const auto from = position();
    // A name alone is not read as a value: it need not exist yet.
    if (peek().what == lua_token::kind::name && (peek(1).is("=") || peek(1).is(","))) {
      targets.push_back({typed(lua_kind::any, from, take()), true});
    } else {
      targets.push_back({suffixed(), false});
    }
  };
  read();
  if (!is_next("=") && !is_next(",")) {
    const auto& last = token(targets.front().what.last);
    const bool is_call = last.is(")") || last.is("}") || last.what == lua_token::kind::text;
    if (!is_call || targets.front().what.last == begin) fail(begin, "this does nothing: a statement assigns or calls");
    return;
  }
  while (take_if(",")) read();
  expect("=", "what is assigned to");
  do (void)expression();
  while (take_if(","));
  for (const auto& t : targets) check_target(t);
}

void lua_script_reader::check_target(const target& t) {
  if (t.is_name) return assign_name(t.what.first);
  const auto& last = token(t.what.last);
  if (last.is(")") || last.is("}") || last.what == lua_token::kind::text) {
    fail(t.what.first, "the result of a call cannot be assigned to");
  }
}

void lua_script_reader::assign_name(std::size_t at) {
  const std::string name{token(at).text};
  const auto here = functions_.size() - 1;
  if (auto* known = find_local(name)) {
    if (known->function == chunk && here != chunk) {
      fail(at, "'" + name + "' is made at load and cannot change afterwards: " + lasting());
    }
    for (auto f = known->function + 1; f <= here; ++f) changing_.insert(functions_[f]);
    // What it was is still looked at where this was not reached.
    uses_whole_event_ = uses_whole_event_ || known->what == role::event;
    known->what = role::plain;
    return;
  }
  if (find_builtin(name) != nullptr || is_library(name)) fail(at, "'" + name + "' is part of the language");
  if (here != chunk) {
    fail(at, "'" + name + "' is not local: put 'local' before it where it is made; " + lasting());
  }
  globals_.insert(name);
}

std::vector<lua_script_reader::role> lua_script_reader::roles_of(const std::string& handler) {
  knows_event_ = knows_event_ || handler == "on_event";
  if (handler == "on_event") return {role::event, role::context};
  if (handler == "on_timer" || handler == "on_clock") return {role::plain, role::time, role::context};
  return {};
}

void lua_script_reader::parameters_and_body(std::size_t begin, const std::vector<role>& roles, bool is_method) {
  functions_.push_back(begin);
  const auto outer = locals_.size();
  if (is_method) locals_.push_back({"self", functions_.size() - 1, role::plain});
  expect("(", "'function'");
  std::size_t given = 0;
  if (!is_next(")")) {
    do {
      if (take_if("...")) break;
      const auto at = expect_name("'('");
      declare(at, given < roles.size() ? roles[given] : role::plain);
      ++given;
    } while (take_if(","));
  }
  expect(")", "the parameters");
  block();
  expect("end", "the function");
  locals_.erase(locals_.begin() + static_cast<std::ptrdiff_t>(outer), locals_.end());
  functions_.pop_back();
}

void lua_script_reader::declare(std::size_t at, role what) {
  locals_.push_back({std::string{token(at).text}, functions_.size() - 1, what});
}

lua_script_reader::local* lua_script_reader::find_local(std::string_view name) {
  const auto at = std::find_if(locals_.rbegin(), locals_.rend(), [&](const local& l) { return l.name == name; });
  return at == locals_.rend() ? nullptr : &*at;
}

lua_typed lua_script_reader::function_body() {
  const auto begin = take();
  parameters_and_body(begin, {});
  return given(lua_kind::function, begin, position() - 1);
}

lua_typed lua_script_reader::table() {
  return table_fields([](std::size_t, const lua_typed&) {});
}

lua_typed lua_script_reader::varargs() {
  const auto at = take();
  return typed(lua_kind::any, at, at);
}

lua_typed lua_script_reader::name(std::size_t at) {
  const std::string text{token(at).text};
  if (const auto* known = find_local(text)) {
    auto made = typed(lua_kind::any, at, at);
    if (known->what == role::number) made.type = lua_kind::number;
    if (known->what == role::time) made.type = lua_kind::time;
    if (known->what == role::context) made.path = context_path;
    if (known->what != role::event) return made;
    made.path = event_path;
    uses_whole_event_ = uses_whole_event_ || !is_next(".");
    return made;
  }
  if (is_library(text)) return {.type = lua_kind::table, .first = at, .last = at, .path = text, .is_given = true};
  if (const auto* known = find_builtin(text)) {
    const auto type = known->is_function ? lua_kind::function : known->type;
    return {.type = type, .first = at, .last = at, .path = text, .is_given = true};
  }
  if (const auto why = why_missing(text); !why.empty())
    fail(at, "'" + text + "' is not available: " + std::string{why});
  global_uses_.push_back(at);
  return typed(lua_kind::any, at, at);
}

lua_typed lua_script_reader::member(const lua_typed& of, std::size_t at) {
  if (of.path == event_path) return event_field(of, at);
  if (of.path == context_path) return context_field(of, at);
  return lua_reader::member(of, at);
}

lua_typed lua_script_reader::event_field(const lua_typed& of, std::size_t at) {
  const std::string name{token(at).text};
  if (is_next("=")) {  // the script's own addition to its copy of the event
    event_additions_.insert(name);
    return typed(lua_kind::any, of.first, at);
  }
  if (event_additions_.contains(name)) return typed(lua_kind::any, of.first, at);
  const auto& records = *around_.records;
  const auto index = records.find(name);
  if (!index) {
    std::vector<std::string> names;
    for (const auto& f : records.fields) names.push_back(f.name);
    const auto hint = detail::did_you_mean(name, names);
    fail(at, "events that arrive have no field '" + name + "'" +
                 (hint.empty() ? " (they have " + detail::quoted_list(names) + ")" : hint));
  }
  const auto& f = records.fields[*index];
  const auto type = lua_kind_of(f.type);
  if (!type) fail(at, "field '" + name + "' is a " + to_text(f.type) + ", which scripts do not read");
  used_fields_.insert(*index);
  auto made = typed(*type, of.first, at);
  made.is_given = !f.type.optional;
  return made;
}

void lua_script_reader::need_key(std::size_t at) const {
  if (around_.has_key) return;
  fail(at,
       "state and timers belong to a key, and this actor has none: use millrace.script, which has a parameter 'key'");
}

lua_typed lua_script_reader::context_field(const lua_typed& of, std::size_t at) {
  const auto name = token(at).text;
  if (name == "now" || name == "watermark") return given(lua_kind::time, of.first, at);
  if (name == "partition") return given(lua_kind::number, of.first, at);
  if (name == "state" || name == "key") {
    need_key(at);
    return typed(lua_kind::any, of.first, at);
  }
  const std::vector<std::string> names{"now", "watermark", "partition", "state", "key"};
  fail(at, "the context has no '" + std::string{name} + "'" + detail::did_you_mean(name, names));
}

lua_typed lua_script_reader::method(const lua_typed& of, std::size_t at) {
  const auto name = token(at).text;
  if (of.path != context_path) return lua_reader::method(of, at);
  static const std::vector<std::string> timers{"set_timer", "cancel_timer", "set_clock_timer", "cancel_clock_timer"};
  if (name == "emit") {
    emit_arguments();
  } else if (std::ranges::find(timers, name) != timers.end()) {
    need_key(at);
    arguments();
  } else if (name == "random" || name == "log") {
    arguments();
  } else {
    auto names = timers;
    names.insert(names.end(), {"emit", "random", "log"});
    fail(at, "the context has no '" + std::string{name} + "'" + detail::did_you_mean(name, names));
  }
  return typed(name == "random" ? lua_kind::number : lua_kind::any, of.first, position() - 1);
}

void lua_script_reader::emit_arguments() {
  if (is_next("{")) return emitted_fields();
  if (!is_next("(") || !peek(1).is("{")) return arguments();
  (void)take();
  emitted_fields();
  expect(")", "what is emitted");
}

void lua_script_reader::emitted_fields() {
  const auto& made = *around_.made;
  (void)table_fields([&](std::size_t at, const lua_typed& v) {
    const std::string name{token(at).text};
    const auto index = made.find(name);
    if (!index) {
      std::vector<std::string> names;
      for (const auto& f : made.fields) names.push_back(f.name);
      const auto hint = detail::did_you_mean(name, names);
      fail(at, "what is emitted has no field '" + name + "'" +
                   (hint.empty() ? " (it has " + detail::quoted_list(names) + ")" : hint));
    }
    const auto wanted = lua_kind_of(made.fields[*index].type);
    if (v.type == lua_kind::any || v.type == lua_kind::nil || wanted == v.type) return;
    fail(at, "field '" + name + "' is a " + to_text(made.fields[*index].type) + ", and " + text_of(v) + " is " +
                 to_string(v.type));
  });
}

}  // namespace millrace::library
