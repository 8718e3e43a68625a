#pragma once

#include <QTemporaryDir>
#include <filesystem>

namespace millrace::tests {

/// A folder of its own for each test, gone when the test ends.
class temporary_folder {
public:
  [[nodiscard]] std::filesystem::path path() const { return folder_.path().toStdString(); }

private:
  QTemporaryDir folder_;
};

}  // namespace millrace::tests
