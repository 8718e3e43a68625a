#include "millrace/dead_letter.hpp"

namespace millrace {

dead_letter to_letter(const malformed_input& what, std::string actor, std::uint32_t partition) {
  dead_letter out;
  out.actor = std::move(actor);
  out.partition = partition;
  out.channel = what.origin;
  out.sequence = what.place;
  out.reason = out.channel + ":" + std::to_string(what.place);
  if (what.column != 0) out.reason += ":" + std::to_string(what.column);
  out.reason.append(": ").append(what.before).append(what.value).append(what.after);
  out.at = what.at;
  out.content = what.content;
  return out;
}

}  // namespace millrace
