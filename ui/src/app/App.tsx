import { Logo } from "@/parts/Logo";
import { SignIn } from "./SignIn";
import { useSessionState } from "./session";

export function App() {
  const { session, loading } = useSessionState();
  if (loading) return null;
  if (!session) return <SignIn />;
  return (
    <main>
      <Logo /> {session.user}
    </main>
  );
}
