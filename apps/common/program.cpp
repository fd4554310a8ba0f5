#include "program.hpp"

#include "blas_core.hpp"
#include "help.hpp"
#include "threads.hpp"
#include "version.hpp"

#include <danaus/core/error.hpp>
#include <danaus/core/nearest_name.hpp>

#include <cblas.h>
#include <Kokkos_Core.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <optional>

namespace danaus::app {
namespace {

std::string& stored_command_line() {
  static std::string line;
  return line;
}

std::string quoted(const std::string& word) {
  const char* plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,+@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string text = "'";
  for (char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw IoError(std::string("standard output: ") + std::strerror(errno));
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

const Verb& find_verb(const Program& program, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& verb : program.verbs) {
    if (verb.name == name) return verb;
    names.push_back(verb.name);
  }
  throw UsageError("\"" + name + "\": unknown verb; did you mean " + nearest_name(name, names) + "?");
}

/// `PROGRAM --help`, `--version`, ...: what stands in place of a verb.
bool answer_without_verb(const Program& program, const std::vector<std::string>& arguments) {
  if (arguments.empty()) return false;
  const bool json = contains(arguments, "--json");
  const std::string& what =
      arguments.front() == "--json" && arguments.size() > 1 ? arguments[1] : arguments.front();
  if (what == "--help" || what == "-h" || what == "help") {
    print(json ? help_json(program).dump(2) + "\n" : help_text(program));
  } else if (what == "--version") {
    print(json ? version_json(program.name).dump(2) + "\n" : version_text(program.name));
  } else if (what == "--completion") {
    print(bash_completion(program));
  } else if (what == "--man") {
    print(manual_page(program, version()));
  } else {
    return false;
  }
  return true;
}

Kokkos::InitializationSettings kokkos_settings(const Options& options) {
  Kokkos::InitializationSettings settings;
  const bool given = options.verb().find("threads") && options.has("threads");
  settings.set_num_threads(given ? int(options.integer("threads")) : physical_cores());
  if (options.verb().find("device") && options.is_given("device"))
    settings.set_device_id(int(options.integer("device")));
  settings.set_disable_warnings(true);
  return settings;
}

Outcome run_verb(const Verb& verb, const Options& options) {
  // The parallel loops are ours: a BLAS with threads of its own inside them would be slower, and not
  // reproducible.
  openblas_set_num_threads(1);
  std::optional<Kokkos::ScopeGuard> kokkos;
  if (verb.uses_kokkos) kokkos.emplace(kokkos_settings(options));
  return verb.run(options);
}

int run(const Program& program, const std::vector<std::string>& arguments, std::string& who) {
  if (answer_without_verb(program, arguments)) return 0;
  if (arguments.empty()) throw UsageError("a verb is missing; " + program.name + " --help lists them");
  const Verb& verb = find_verb(program, arguments.front());
  who += " " + verb.name;
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (contains(rest, "--help") || contains(rest, "-h")) {
    print(contains(rest, "--json") ? help_json(program, verb).dump(2) + "\n" : help_text(program, verb));
    return 0;
  }
  if (contains(rest, "--version")) {
    print(contains(rest, "--json") ? version_json(program.name).dump(2) + "\n" : version_text(program.name));
    return 0;
  }
  const Options options = Options::parse(verb, rest);
  const Outcome outcome = run_verb(verb, options);
  print(options.toggle("json") ? outcome.json.dump(2) + "\n" : outcome.text);
  return outcome.exit_code;
}

}  // namespace

const std::string& command_line() { return stored_command_line(); }

int run_program(const Program& program, int argc, char** argv) {
  choose_blas_core(argv);
  // A reader that closes the pipe is an error to report, not a reason to die.
  std::signal(SIGPIPE, SIG_IGN);
  std::string who = program.name;
  const auto report = [&](ExitCode code, const std::string& message) {
    std::fprintf(stderr, "%s: %s\n", who.c_str(), message.c_str());
    return int(code);
  };
  try {
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    stored_command_line() = program.name;
    for (const auto& argument : arguments) stored_command_line() += " " + quoted(argument);
    return run(program, arguments, who);
  } catch (const Error& error) {
    return report(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return report(ExitCode::internal, "out of memory; a smaller --batch needs less");
  } catch (const std::exception& error) {
    return report(ExitCode::internal, std::string("internal error: ") + error.what());
  }
}

}  // namespace danaus::app
