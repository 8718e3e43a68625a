#include "actor_setup.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <map>

#include "millrace/port.hpp"
#include "millrace/wiring.hpp"

namespace millrace::detail {

param_value resolved(const param_base& p, const param_value& v, const std::string& base_folder) {
  const auto* text = std::get_if<std::string>(&v);
  if (!p.options().is_path || text == nullptr || text->empty() || base_folder.empty()) return v;
  const std::filesystem::path path{*text};
  return path.is_absolute() ? v : param_value{(std::filesystem::path{base_folder} / path).lexically_normal().string()};
}

result<void> configure(actor& a, const std::vector<record_type_ptr>& inputs, const std::string& base_folder) {
  const auto& ports = engine::actor_access::inputs(a);
  std::map<std::string, record_type_ptr> by_name;
  for (std::size_t i = 0; i < ports.size(); ++i) by_name[ports[i]->name()] = inputs[i];
  wiring w{std::move(by_name), base_folder};
  try {
    if (auto ok = a.configure(w); !ok) return ok;
  } catch (const std::exception& e) {
    return user_error(errc::failed, std::string{"configure() threw: "} + e.what());
  }
  for (auto* out : engine::actor_access::outputs(a)) {
    const auto from = std::ranges::find(ports, out->passes());
    if (from != ports.end()) out->set_type(inputs[static_cast<std::size_t>(from - ports.begin())]);
  }
  if (a.kind() == actor_kind::router) {
    for (auto* out : engine::actor_access::outputs(a)) {
      if (out->name() == "out") out->set_type(inputs.front());
    }
  }
  return {};
}

}  // namespace millrace::detail
