/** The pages and who may open them; the server enforces the same rights on the API. */

import { createRouter, createWebHistory } from "vue-router";
import DashboardPage from "./pages/DashboardPage.vue";
import LogInPage from "./pages/LogInPage.vue";
import { canInstall, choose, hasChosen, me, seesFleet } from "./stores/session";

declare module "vue-router" {
  interface RouteMeta {
    /** Key of the page's title. */
    title: string;
    /** Open without a log-in. */
    open?: boolean;
    /** For the service user. */
    service?: boolean;
    /** For operators of more than one site. */
    fleet?: boolean;
  }
}

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: "/log-in", name: "log-in", component: LogInPage, meta: { title: "log-in.title", open: true } },
    { path: "/", name: "overview", component: DashboardPage, meta: { title: "nav.overview" } },
    {
      path: "/fleet",
      name: "fleet",
      component: () => import("./pages/FleetPage.vue"),
      meta: { title: "nav.fleet", fleet: true },
    },
    {
      path: "/fleet/releases",
      name: "releases",
      component: () => import("./pages/ReleasesPage.vue"),
      meta: { title: "rollouts.title", fleet: true },
    },
    {
      path: "/plan",
      name: "plan",
      component: () => import("./pages/PlanPage.vue"),
      meta: { title: "nav.plan" },
    },
    {
      path: "/history",
      name: "history",
      component: () => import("./pages/HistoryPage.vue"),
      meta: { title: "nav.history" },
    },
    {
      path: "/cars",
      name: "cars",
      component: () => import("./pages/CarsPage.vue"),
      meta: { title: "nav.cars" },
    },
    {
      path: "/pairing",
      name: "pairing",
      component: () => import("./pages/PairingPage.vue"),
      meta: { title: "nav.pairing", service: true },
    },
    {
      path: "/settings",
      name: "settings",
      component: () => import("./pages/SettingsPage.vue"),
      meta: { title: "nav.settings", service: true },
    },
    {
      path: "/set-up",
      name: "set-up",
      component: () => import("./pages/SetUpPage.vue"),
      meta: { title: "set-up.title", service: true },
    },
    {
      path: "/acceptance/:id(\\d+)?",
      name: "acceptance",
      component: () => import("./pages/AcceptancePage.vue"),
      meta: { title: "acceptance.title", service: true },
    },
    {
      path: "/alerts",
      name: "alerts",
      component: () => import("./pages/AlertsPage.vue"),
      meta: { title: "nav.alerts" },
    },
    {
      path: "/account",
      name: "account",
      component: () => import("./pages/AccountPage.vue"),
      meta: { title: "account.title" },
    },
    {
      path: "/users",
      name: "users",
      component: () => import("./pages/UsersPage.vue"),
      meta: { title: "people.title", service: true },
    },
    {
      path: "/audit",
      name: "audit",
      component: () => import("./pages/AuditPage.vue"),
      meta: { title: "audit.title", service: true },
    },
    { path: "/:rest(.*)*", redirect: "/" },
  ],
  scrollBehavior: (to, _from, saved) =>
    saved ?? (to.hash ? { el: to.hash, top: 88 } : { top: 0 }),
});

router.beforeEach((to) => {
  if (!to.meta.open && !me.value) return { name: "log-in", query: { to: to.fullPath } };
  // A password that somebody else gave is changed before all else; the server sees to it too.
  if (me.value?.must_change_password && to.name !== "account") return { name: "account" };
  if (to.meta.service && !canInstall.value) return { name: "overview" };
  if (to.name === "log-in" && me.value) return { name: "overview" };
  if (typeof to.query["site"] === "string") choose({ id: to.query["site"] });
  if (to.meta.fleet && !seesFleet.value) return { name: "overview" };
  // Who looks after many sites begins with all of them; a site is chosen there.
  if (to.name === "overview" && seesFleet.value && !hasChosen.value) return { name: "fleet" };
  return true;
});
