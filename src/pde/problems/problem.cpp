#include <danaus/pde/problems/problem.hpp>

#include <danaus/core/error.hpp>
#include <pde/problems/problem_entries.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace danaus::pde {

const std::vector<Problem>& problems() {
  static const std::vector<Problem> table{navier_stokes_problem(), darcy_problem()};
  return table;
}

const Problem& find_problem(const std::string& name) {
  std::string names;
  for (const Problem& problem : problems()) {
    if (problem.name == name) return problem;
    names += (names.empty() ? "" : ", ") + problem.name;
  }
  throw UsageError("problem: expected one of " + names + ", found '" + name + "'");
}

namespace {

double parse(const std::string& text, bool integer, bool& good) {
  const char* end = text.data() + text.size();
  double value = 0;
  auto result = std::from_chars(text.data(), end, value);
  good = result.ec == std::errc() && result.ptr == end && std::isfinite(value) &&
         (!integer || value == std::floor(value));
  return value;
}

std::string number(double value) {
  char text[32];
  const auto result = std::to_chars(text, text + sizeof text, value);
  return std::string(text, result.ptr);
}

void check(const Problem& problem, const ProblemOption& option, const std::string& text) {
  const auto refuse = [&](const std::string& expected) {
    throw UsageError(problem.name + ": " + option.name + ": expected " + expected + ", found '" + text + "'");
  };
  if (option.type == ProblemOption::Type::choice) {
    if (std::find(option.choices.begin(), option.choices.end(), text) != option.choices.end()) return;
    std::string names;
    for (const std::string& choice : option.choices) names += (names.empty() ? "" : ", ") + choice;
    refuse("one of " + names);
  }
  const bool integer = option.type == ProblemOption::Type::integer;
  bool good = false;
  const double value = parse(text, integer, good);
  if (good && (option.exclusive_minimum ? value > option.minimum : value >= option.minimum) &&
      value <= option.maximum)
    return;
  refuse(std::string(integer ? "an integer" : "a number") +
         (option.exclusive_minimum ? " above " : " from ") + number(option.minimum) +
         (std::isfinite(option.maximum) ? " to " + number(option.maximum) : " on"));
}

}  // namespace

ProblemSettings::ProblemSettings(const Problem& problem, const std::map<std::string, std::string>& given) {
  std::string names;
  for (const ProblemOption& option : problem.options) {
    const auto found = given.find(option.name);
    const std::string& value = found == given.end() ? option.fallback : found->second;
    check(problem, option, value);
    values_[option.name] = value;
    names += (names.empty() ? "" : ", ") + option.name;
  }
  for (const auto& [name, value] : given)
    if (!values_.count(name))
      throw UsageError(problem.name + ": unknown option '" + name + "'; it has " + names);
}

const std::string& ProblemSettings::text(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) throw InternalError("ProblemSettings: no option '" + name + "' in the table");
  return found->second;
}

double ProblemSettings::real(const std::string& name) const {
  bool good = false;
  return parse(text(name), false, good);
}

size_t ProblemSettings::integer(const std::string& name) const { return size_t(real(name)); }

size_t ProblemArray::size() const {
  size_t size = 1;
  for (size_t extent : shape) size *= extent;
  return size;
}

}  // namespace danaus::pde
