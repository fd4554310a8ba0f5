#pragma once

#include <stdexcept>
#include <string>

namespace danaus {

/// What a program returns to its shell (sysexits, plus 76). Only `main` exits; everything else throws.
enum class ExitCode : int {
  ok = 0,
  usage = 64,        ///< unknown option, value out of range, output exists
  data = 65,         ///< an input file is damaged or not what was expected
  missing = 66,      ///< an input file does not exist
  internal = 70,     ///< a bug, out of memory, a solver that did not converge
  io = 74,           ///< cannot write, disk full
  interrupted = 75,  ///< stopped by a signal; the run can be resumed
  diverged = 76,     ///< training diverged; the last good checkpoint is kept
};

/// An error that a user can act on: its message says what, where, and what to do.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

struct UsageError : Error {
  explicit UsageError(const std::string& m) : Error(ExitCode::usage, m) {}
};
struct DataError : Error {
  explicit DataError(const std::string& m) : Error(ExitCode::data, m) {}
};
struct MissingInputError : Error {
  explicit MissingInputError(const std::string& m) : Error(ExitCode::missing, m) {}
};
struct InternalError : Error {
  explicit InternalError(const std::string& m) : Error(ExitCode::internal, m) {}
};
struct IoError : Error {
  explicit IoError(const std::string& m) : Error(ExitCode::io, m) {}
};
struct InterruptedError : Error {
  explicit InterruptedError(const std::string& m) : Error(ExitCode::interrupted, m) {}
};
struct DivergedError : Error {
  explicit DivergedError(const std::string& m) : Error(ExitCode::diverged, m) {}
};

/// Two shapes that should agree do not: a mistake in the calling code.
struct ShapeError : std::invalid_argument {
  using invalid_argument::invalid_argument;
};

}  // namespace danaus
