#pragma once

#include <danaus/core/tensor.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <variant>
#include <vector>

/// A problem is one entry of problems(). `generate` knows no problem by name: it reads the options from here,
/// makes a generator, and asks it for blocks of samples. To add a problem, write its solver, a function that
/// returns its Problem (problems/darcy_problem.cpp is the shortest), and one line in problem.cpp.
namespace danaus::pde {

/// One option of a problem, as one types it; values travel as text.
struct ProblemOption {
  enum class Type { integer, real, choice };

  std::string name;
  Type type = Type::real;
  std::string fallback;  ///< the default
  std::string help;
  std::string unit = {};
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  bool exclusive_minimum = false;
  std::vector<std::string> choices = {};
};

struct Problem;

/// The values of all options of a problem: those given, else the defaults; checked against the table.
class ProblemSettings {
 public:
  /// @throws UsageError naming the option, what was expected and what was found; for an unknown name, the
  /// valid ones
  ProblemSettings(const Problem& problem, const std::map<std::string, std::string>& given);

  size_t integer(const std::string& name) const;
  double real(const std::string& name) const;
  const std::string& text(const std::string& name) const;
  /// Every option with its value, to record beside the data.
  const std::map<std::string, std::string>& values() const { return values_; }

 private:
  std::map<std::string, std::string> values_;
};

/// An array of the file with one entry per sample, 32-bit floats: the file's shape is (sample, shape...).
struct ProblemArray {
  std::string name;               ///< "/u"
  std::vector<size_t> shape;      ///< of one sample: {64, 64, 20}
  std::vector<std::string> axes;  ///< {"x", "y", "t"}
  std::string help, unit;

  size_t size() const;
};

/// An array that all samples share, 64-bit floats: "/t".
struct ProblemConstant {
  std::string name;
  std::vector<double> values;
  std::string axis, help;
};

using ProblemAttribute = std::variant<double, std::int64_t, std::string>;

/// What the file holds, known before anything is computed.
struct ProblemLayout {
  std::vector<ProblemArray> arrays;
  std::vector<ProblemConstant> constants;
  std::map<std::string, ProblemAttribute> attributes;  ///< root attributes, `problem` included
};

/// Figures of a block for the log, worst over its samples: "steps", "iterations", "relative_residual", ..
using GenerationReport = std::map<std::string, double>;

/// Computes samples first .. first + count - 1.
/// @param buffers  host memory, one pointer per entry of layout.arrays: count * array.size() floats each,
/// sample-major Samples are pure functions of (settings, seed, number): any split into blocks, in any order
/// and on any number of threads, gives the same bits. Blocks of a few samples per thread keep all threads
/// busy.
/// @throws InternalError naming the sample if a solver fails
using SampleGenerator = std::function<GenerationReport(const Exec& space, std::uint64_t first, size_t count,
                                                       const std::vector<float*>& buffers)>;

struct Problem {
  std::string name, description, reference;
  std::vector<ProblemOption> options;
  /// @throws UsageError where options do not fit together
  std::function<ProblemLayout(const ProblemSettings&)> layout;
  /// Plans, tables and solvers are made here, once; the generator may be called for many blocks.
  std::function<SampleGenerator(const ProblemSettings&, std::uint64_t seed)> make_generator;
  /// Bytes that the generator holds for a block of `count` samples, beside the caller's buffers.
  std::function<size_t(const ProblemSettings&, size_t count)> workspace_bytes;
};

/// All problems, in the order in which help lists them.
const std::vector<Problem>& problems();

/// @throws UsageError listing the valid names
const Problem& find_problem(const std::string& name);

}  // namespace danaus::pde
