#pragma once

#include <danaus/pde/problems/problem.hpp>

namespace danaus::pde {

Problem navier_stokes_problem();
Problem darcy_problem();

}  // namespace danaus::pde
