#include "library/lua/lua_script.hpp"

#include <stdexcept>

#include "library/lua/lua_context.hpp"
#include "library/lua/lua_kept.hpp"
#include "library/lua/lua_sandbox.hpp"
#include "library/lua/lua_values.hpp"

namespace millrace::library {

namespace {

constexpr std::size_t text_bytes_max = std::size_t{1} << 20;
constexpr std::array handler_names{"on_event", "on_timer", "on_clock"};

}  // namespace

lua_script::lua_script(setting s, out<record_view>& out) : setting_{std::move(s)}, out_{&out} {}

result<std::unique_ptr<lua_script>> lua_script::make(setting s, out<record_view>& out) {
  if (s.text.size() > text_bytes_max) {
    return user_error(errc::limit_exceeded,
                      s.title + " has more than " + std::to_string(text_bytes_max >> 10) + " KiB");
  }
  std::unique_ptr<lua_script> made{new lua_script{std::move(s), out}};
  const auto& given = made->setting_;
  try {
    made->read();
    made->start();
  } catch (const lua_problem& p) {
    return user_error(errc::parse_error, given.title + ", " + place_in(given.text, p.offset) + ": " + p.text);
  } catch (const lua_failure& f) {
    return user_error(errc::parse_error, made->source_->explain(f.what()));
  }
  return made;
}

void lua_script::read() {
  source_ = std::make_unique<lua_source>(setting_.title, setting_.text);
  lua_script_reader reader{*source_, setting_.around};
  setting_.is_body ? reader.read_body() : reader.read_chunk();
  if (!reader.defines("on_event")) throw lua_problem{0, "the script defines no function on_event(e, ctx)"};
  code_ = setting_.is_body ? source_->generate("function on_event(e, ctx) ", " end") : source_->generate("", "");
  for (const auto token : reader.changing()) changing_lines_.push_back(source_->line_of(token));
  const auto& fields = setting_.around.records->fields;
  const bool all = reader.uses_whole_event() || (!setting_.is_body && !reader.knows_event());
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    if (lua_kind_of(fields[i].type) && (all || reader.used_fields().contains(i))) fields_.push_back(i);
  }
}

void lua_script::start() {
  machine_ = std::make_unique<lua_machine>(setting_.limits);
  chunk_ = machine_->load(code_, lua_source::chunk_name);
  machine_->call(&load_body, this, 0);
}

int lua_script::load_body(lua_State* s) {
  auto& self = *static_cast<lua_script*>(lua_touserdata(s, 1));
  lua_newtable(s);
  for (std::size_t i = 0; i < self.fields_.size(); ++i) {
    const auto& name = self.setting_.around.records->fields[self.fields_[i]].name;
    lua_pushlstring(s, name.data(), name.size());
    lua_rawseti(s, -2, static_cast<int>(i) + 1);
  }
  self.field_names_ = luaL_ref(s, LUA_REGISTRYINDEX);
  lua_newtable(s);
  self.state_ = luaL_ref(s, LUA_REGISTRYINDEX);
  lua_context::push(s, self);
  self.context_ = luaL_ref(s, LUA_REGISTRYINDEX);
  lua_rawgeti(s, LUA_REGISTRYINDEX, self.chunk_);
  lua_call(s, 0, 0);
  self.find_handlers(s);
  self.seal(s);
  return 0;
}

void lua_script::find_handlers(lua_State* s) {
  push_lua_globals(s);
  for (std::size_t i = 0; i < handler_names.size(); ++i) {
    handlers_[i] = LUA_NOREF;
    lua_getfield(s, -1, handler_names[i]);
    if (lua_isfunction(s, -1)) {
      handlers_[i] = luaL_ref(s, LUA_REGISTRYINDEX);
    } else if (lua_isnil(s, -1) && i != 0) {
      lua_pop(s, 1);
    } else {
      luaL_error(s, "%s is no function", handler_names[i]);
    }
  }
  lua_pop(s, 1);
}

void lua_script::seal(lua_State* s) const {
  push_lua_seal(s);
  lua_newtable(s);
  for (const auto line : changing_lines_) {
    lua_pushboolean(s, 1);
    lua_rawseti(s, -2, static_cast<int>(line));
  }
  lua_call(s, 1, 0);
}

int lua_script::call_body(lua_State* s) {
  auto& self = *static_cast<lua_script*>(lua_touserdata(s, 1));
  const auto& work = self.work_;
  lua_rawgeti(s, LUA_REGISTRYINDEX, self.handlers_[static_cast<std::size_t>(work.what)]);
  int arguments = 2;
  if (work.what == handler::on_event) {
    self.push_event(s);
  } else {
    self.push_key(s);
    push_value(s, value::of(event_time{work.at_ns}));
    ++arguments;
  }
  lua_rawgeti(s, LUA_REGISTRYINDEX, self.context_);
  lua_call(s, arguments, 0);
  if (!work.has_state) return 0;
  lua_rawgeti(s, LUA_REGISTRYINDEX, self.state_);
  return 1;
}

void lua_script::push_event(lua_State* s) const {
  const auto n = static_cast<int>(fields_.size());
  lua_createtable(s, 0, n);
  lua_rawgeti(s, LUA_REGISTRYINDEX, field_names_);
  for (int i = 0; i < n; ++i) {
    const auto& v = work_.record->field(fields_[static_cast<std::size_t>(i)]);
    if (v.is_null()) continue;
    lua_rawgeti(s, -1, i + 1);
    push_value(s, v);
    lua_rawset(s, -4);
  }
  lua_pop(s, 1);
}

void lua_script::push_key(lua_State* s) const {
  const auto& key = work_.key;
  if (key.parts.size() == 1) return push_value(s, key.parts.front());
  lua_createtable(s, 0, static_cast<int>(key.parts.size()));
  for (std::size_t i = 0; i < key.parts.size(); ++i) {
    lua_pushlstring(s, key.names[i].data(), key.names[i].size());
    push_value(s, key.parts[i]);
    lua_rawset(s, -3);
  }
}

const lua_effects& lua_script::on_event(context& c, const record_view& record, const key_at_work& key) {
  work_ = {
      .what = handler::on_event, .c = &c, .record = &record, .at_ns = 0, .key = key, .has_state = false, .time = {}};
  if (const auto field = setting_.around.records->event_time_field) {
    const auto& at = record.field(*field);
    if (at.kind() == value_kind::event_time) work_.time = at.as_time();
  }
  return call();
}

const lua_effects& lua_script::on_time(handler h, context& c, std::int64_t at_ns, const key_at_work& key) {
  work_ = {.what = h, .c = &c, .record = nullptr, .at_ns = at_ns, .key = key, .has_state = false, .time = {}};
  if (h == handler::on_timer) work_.time = event_time{at_ns};
  return call();
}

const lua_effects& lua_script::call() {
  effects_ = {};
  rows_ = 0;
  if (machine_->is_spent()) start();
  try {
    machine_->call(&call_body, this, 1);
    auto* const s = machine_->state();
    if (lua_istable(s, 1)) {
      auto kept = encode_table(s, 1);
      if (!kept) throw std::runtime_error{setting_.title + ": " + kept.error().message};
      effects_.state = std::move(*kept);
    }
    machine_->drop_results();
  } catch (const lua_failure& f) {
    drop_rows();
    throw std::runtime_error{source_->explain(f.what())};
  } catch (...) {
    drop_rows();
    throw;
  }
  return effects_;
}

void lua_script::drop_rows() {
  if (out_->is_connected()) {
    for (; rows_ != 0; --rows_) out_->row().drop_row();
  }
  rows_ = 0;
}

void lua_script::send() {
  if (rows_ != 0 && out_->is_connected()) out_->emit();
  rows_ = 0;
}

}  // namespace millrace::library
