#include "library/processors/script.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "millrace/msgpack.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

constexpr std::uintmax_t file_bytes_max = 1 << 20;

result<std::string> read_script(const std::string& path) {
  std::error_code problem;
  const auto size = std::filesystem::file_size(path, problem);
  if (problem) {
    return user_error(errc::io_error, "parameter 'script_file': '" + path + "' cannot be read: " + problem.message());
  }
  if (size > file_bytes_max) {
    return user_error(errc::limit_exceeded, "parameter 'script_file': '" + path + "' has more than 1 MiB");
  }
  std::ifstream in{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in) return user_error(errc::io_error, "parameter 'script_file': '" + path + "' cannot be read");
  return text;
}

}  // namespace

result<void> scripted::configure_script(wiring& w, bool is_body, bool has_key) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  auto made = type;
  if (!fields_->empty()) {
    auto fields = parse_schema("scripted", *fields_);
    if (!fields) return user_error(errc::parse_error, "parameter 'fields': " + fields.error().message);
    made = dynamic_record_type(std::make_shared<const schema>(std::move(*fields)));
  }
  out_.set_type(made);
  lua_script::setting s{.title = {},
                        .text = {},
                        .is_body = is_body,
                        .limits = {.memory_bytes = static_cast<std::size_t>(*memory_) << 20,
                                   .instructions = static_cast<std::uint32_t>(*instructions_)},
                        .around = {type->shared_schema(), made->shared_schema(), has_key}};
  if (auto ok = find_text(w, s.title, s.text); !ok) return ok;
  auto script = lua_script::make(std::move(s), out_);
  if (!script) return std::move(script).error();
  script_ = std::move(*script);
  return {};
}

result<void> flat_map::find_text(const wiring&, std::string& title, std::string& text) const {
  title = "parameter 'body'";
  text = *body_;
  return {};
}

void flat_map::on_record(context& c, const record_view& record) {
  (void)script().on_event(c, record);
  script().send();
}

result<void> script_actor::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  schema unused;
  auto key = key_fields::find(type->schema(), *key_, unused);
  if (!key) return std::move(key).error();
  key_fields_ = std::move(*key);
  in_.key_by(key_fields_.names);
  return configure_script(w, false, true);
}

result<void> script_actor::find_text(const wiring& w, std::string& title, std::string& text) const {
  if (text_->empty() == file_->empty()) {
    return user_error(errc::invalid_argument, "give either 'script', the text, or 'script_file', a file that holds it");
  }
  title = "parameter 'script'";
  text = *text_;
  if (file_->empty()) return {};
  auto path = *file_;
  if (!w.base_folder().empty()) path = (std::filesystem::path{w.base_folder()} / path).lexically_normal().string();
  auto read = read_script(path);
  if (!read) return std::move(read).error();
  title = std::filesystem::path{path}.filename().string();
  text = std::move(*read);
  return {};
}

lua_script::key_at_work script_actor::key_at_work() {
  const auto& key = engine::actor_access::state(*this).key();
  msgpack::reader in{key.view()};
  std::uint32_t parts = 1;
  key_parts_.assign(key_fields_.types.size(), value{});
  if (key_parts_.size() == 1 || in.array(parts)) {
    for (std::size_t i = 0; i < key_parts_.size(); ++i) (void)read_scalar(in, key_fields_.types[i], key_parts_[i]);
  }
  const auto* kept = kept_.get();
  return {key_fields_.names, key_parts_, kept == nullptr ? std::string_view{} : std::string_view{kept->bytes}};
}

void script_actor::on_record(context& c, const record_view& record) {
  apply(script().on_event(c, record, key_at_work()));
}

void script_actor::on_timer(context& c, event_time at) {
  apply(script().on_time(lua_script::handler::on_timer, c, at.ns, key_at_work()));
}

void script_actor::on_clock(context& c, processing_time at) {
  apply(script().on_time(lua_script::handler::on_clock, c, at.ns, key_at_work()));
}

void script_actor::apply(const lua_effects& effects) {
  if (effects.state) {
    const auto* kept = kept_.get();
    if (effects.state->empty()) {
      kept_.clear();
    } else if (kept == nullptr || kept->bytes != *effects.state) {
      kept_.edit().bytes = *effects.state;
    }
  }
  if (effects.timer) effects.timer->at ? timer_.set({*effects.timer->at}) : timer_.cancel();
  if (effects.clock_timer)
    effects.clock_timer->at ? clock_timer_.set({*effects.clock_timer->at}) : clock_timer_.cancel();
  script().send();
}

}  // namespace millrace::library
