import { lazy, Suspense, useEffect } from "react";
import { Route, Routes, useLocation } from "react-router-dom";
import { LiveProvider } from "@/api/live";
import { Failure, Loading } from "@/parts/States";
import { Toasts } from "@/parts/Toasts";
import { Overview } from "@/overview/Overview";
import { IssueList } from "@/issues/IssueList";
import { IssuePage } from "@/issues/IssuePage";
import { ErrorBoundary } from "./ErrorBoundary";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";
import { SignIn } from "./SignIn";
import { useSessionState } from "./session";

const Journal = lazy(() => import("@/journal/Journal"));
const Mappings = lazy(() => import("@/mappings/Mappings"));
const Records = lazy(() => import("@/records/Records"));
const RecordPage = lazy(() => import("@/records/RecordPage"));
const Actions = lazy(() => import("@/audit/Actions"));
const Access = lazy(() => import("@/access/Access"));
const Password = lazy(() => import("@/access/Password"));

export function App() {
  const { session, loading, problem } = useSessionState();
  if (loading) return null;
  if (!session && problem) return <Failure error={problem} retry={() => location.reload()} />;
  if (!session) return <SignIn />;
  return (
    <LiveProvider>
      <Shell>
        <Places />
      </Shell>
      <Toasts />
    </LiveProvider>
  );
}

function Places() {
  const { pathname } = useLocation();
  useEffect(() => {
    // Newer browsers return a promise here, which is no clean-up.
    window.scrollTo(0, 0);
  }, [pathname]);
  return (
    <ErrorBoundary key={pathname}>
      <Suspense fallback={<Loading />}>
        <Routes>
          <Route path="/" element={<Overview />} />
          <Route path="/issues" element={<IssueList />} />
          <Route path="/issues/:id" element={<IssuePage />} />
          <Route path="/journal" element={<Journal />} />
          <Route path="/mappings" element={<Mappings />} />
          <Route path="/records" element={<Records />} />
          <Route path="/records/:object/:id" element={<RecordPage />} />
          <Route path="/actions" element={<Actions />} />
          <Route path="/access" element={<Access />} />
          <Route path="/password" element={<Password />} />
          <Route path="*" element={<NotFound />} />
        </Routes>
      </Suspense>
    </ErrorBoundary>
  );
}
